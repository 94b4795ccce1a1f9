"""Surfaces as STL (binary) and OBJ, in patient LPS mm, which the file says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtvol.errors import UsageError
from rtvol.files import new_file

if TYPE_CHECKING:
    from pathlib import Path

    from rtvol.solids.mesh import Mesh

#: Slicer takes the words SPACE=LPS in either header for what they say, and so turns nothing round.
SPACE = "SPACE=LPS"
_HEADER = f"rtvol {SPACE} unit=mm".encode("ascii")
_TRIANGLE = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])


def write_mesh(path: Path, mesh: Mesh, *, overwrite: bool = False) -> None:
    """Write a surface, all or nothing.

    Parameters
    ----------
    path
        The file to make, ending in .stl (binary, 32-bit floats) or .obj (micrometres), in a
        folder that exists.
    mesh
        The surface.
    overwrite
        Whether a file that is there already may be replaced.

    Raises
    ------
    UsageError
        `bad-file-name` when the ending is another.
    OutputRefused
        `output-exists` or `output-unwritable`.
    """
    forms = {".stl": _stl, ".obj": _obj}
    if path.suffix not in forms:
        seen, mend = "a surface whose name ends otherwise", "end the name in .stl or .obj"
        raise UsageError("bad-file-name", where=path.name, seen=seen, mend=mend)
    with new_file(path, overwrite=overwrite) as temporary:
        temporary.write_bytes(forms[path.suffix](mesh))


def _stl(mesh: Mesh) -> bytes:
    corners = mesh.corners_mm[mesh.triangles]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(across, axis=1, keepdims=True)
    found = np.zeros(len(corners), _TRIANGLE)
    found["normal"] = across / np.where(length > 0, length, 1.0)
    found["corners"] = corners
    count = np.uint32(len(corners)).astype("<u4").tobytes()
    return b"".join([_HEADER.ljust(80), count, found.tobytes()])


def _obj(mesh: Mesh) -> bytes:
    head = f"# rtvol\n# {SPACE}\n# unit=mm\n"
    corners = "v %.6f %.6f %.6f\n" * len(mesh.corners_mm) % tuple(mesh.corners_mm.ravel().tolist())
    faces = "f %d %d %d\n" * len(mesh.triangles) % tuple((mesh.triangles + 1).ravel().tolist())
    return (head + corners + faces).encode("ascii")
