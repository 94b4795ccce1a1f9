"""`rtvol inspect`: what one case holds."""

from rtvol.cli.options import DEFAULT_LOUDNESS, Json, Loudness, Paths, Rtstruct, ShowPhi


def inspect(
    *paths: Paths,
    json: Json = False,
    rtstruct: Rtstruct = "",
    show_phi: ShowPhi = False,
    loudness: Loudness = DEFAULT_LOUDNESS,
) -> int:
    """Describe cases: geometry, ROIs with volumes, doses, prescription, findings.

    Volumes are those of the slab: exact polygon area times slice thickness.

    For example:
        rtvol inspect exports/case1
        rtvol inspect exports/case1 --json
    """
    from rtvol.cli import facts, gather, screen
    from rtvol.verbs.inspect import inspect_case

    found = gather.gather(paths, loudness, rtstruct=rtstruct)
    looks = (inspect_case(files) for files in found.cases)
    cases = gather.watch(looks, len(found.cases), loudness)
    if json:
        screen.show_json(facts.facts_document("rtvol/inspect@1", cases, found, show_phi=show_phi))
    for files, case in zip(found.cases, cases, strict=True):
        if not json:
            screen.show(*facts.inspect_page(case, files.folder, show_phi=show_phi))
    return facts.finish(cases, facts.file_entries(cases, found), loudness)
