"""Objects from and to other systems by DICOM's own network protocol (DIMSE), extra `[net]`.

    receive: guard (limits of the wire) -> inbox (whole files) -> gathering (which case is complete)
    send:    outbox (what is to be sent) -> send (one association, each answer looked at)
             deliver (results of a run, sent once)

pynetdicom is loaded where it is used; addresses and limits are known without it.
"""
