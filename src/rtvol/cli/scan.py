"""`rtvol scan`: which cases are in a tree."""

from rtvol.cli.options import DEFAULT_LOUDNESS, Json, Loudness, Paths, ShowPhi


def scan(
    *paths: Paths,
    json: Json = False,
    show_phi: ShowPhi = False,
    loudness: Loudness = DEFAULT_LOUDNESS,
) -> int:
    """List the cases of a tree: one per structure set, with what belongs to it.

    Files are paired by what their headers say (patient, frame of reference, references), never
    by their names.

    For example:
        rtvol scan exports/
        rtvol scan exports/ --json > cases.json
    """
    from rtvol.cli import facts, gather, screen
    from rtvol.verbs.inspect import glance

    found = gather.gather(paths, loudness)
    looks = (glance(files) for files in found.cases)
    cases = gather.watch(looks, len(found.cases), loudness)
    if json:
        screen.show_json(facts.facts_document("rtvol/scan@1", cases, found, show_phi=show_phi))
    else:
        screen.show(facts.scan_table(cases, show_phi=show_phi))
    code = gather.finish(cases, loudness)
    if not loudness.quiet:
        entries = facts.file_entries(cases, found)
        screen.tell(facts.file_lines(entries, verbose=loudness.verbose))
    return code
