"""The cluster of a trade: the nearest centroid and the role it was given.

What: squared Euclidean distance in z space, ties to the lowest id. Roles (opportunistic phi 2, directional phi 1, passive
phi 3) come with the model, by the rule of 001 Exp 4; a cluster whose role does not stand apart is `unassigned`.
Seeds: 000 §3.1; 001 Exp 1, Exp 4.
Units: none.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lobterm.engine.kernel import kernel


@kernel
def nearest(centroids: npt.NDArray[np.float64], model: int, z: npt.NDArray[np.float64]) -> int:
    """Return the id of the centroid nearest to `z` (d,) in row `model` of the table (models, k, d)."""
    chosen = 0
    least = np.inf
    for c in range(centroids.shape[1]):
        distance = 0.0
        for f in range(centroids.shape[2]):
            distance += (z[f] - centroids[model, c, f]) * (z[f] - centroids[model, c, f])
        if distance < least:
            least = distance
            chosen = c
    return chosen
