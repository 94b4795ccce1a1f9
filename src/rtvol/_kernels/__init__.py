"""All numba: arrays and scalars in, arrays out. Nothing else in rtvol imports numba."""
