"""Plain twin of the trace kernel: the inside of each lattice cell as a polygon of its own."""

from __future__ import annotations

import shapely


def _cell_polygons(corners, values, level):
    """Inside of one cell; corners anticlockwise. A saddle is one hexagon or two triangles."""
    inside = [value < level for value in values]
    outline, triangles = [], []
    for m in range(4):
        previous, following = (m - 1) % 4, (m + 1) % 4

        def crossing(a, b):
            t = (level - values[a]) / (values[b] - values[a])
            return tuple(p + t * (q - p) for p, q in zip(corners[a], corners[b], strict=True))

        if inside[m]:
            outline.append(corners[m])
            if not inside[previous] and not inside[following]:
                triangles.append([corners[m], crossing(m, following), crossing(m, previous)])
        if inside[m] != inside[following]:
            outline.append(crossing(m, following))
    if len(triangles) == 2 and sum(values) / 4 >= level:
        return triangles
    return [outline] if len(outline) > 2 else []


def region(values, x_mm, y_mm, level):
    """Union of the insides of all cells."""
    polygons = []
    for j in range(len(y_mm) - 1):
        for i in range(len(x_mm) - 1):
            nodes = [(j, i), (j, i + 1), (j + 1, i + 1), (j + 1, i)]
            corners = [(float(x_mm[i]), float(y_mm[j])) for j, i in nodes]
            polygons += _cell_polygons(corners, [float(values[n]) for n in nodes], level)
    return shapely.unary_union([shapely.Polygon(p).buffer(0) for p in polygons])
