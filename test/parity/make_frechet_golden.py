"""The Frechet distance and the kernel distance of src/evaluation/images/distances.test.ts, with numpy alone.

Run: python3 test/parity/make_frechet_golden.py; the numbers stand in the test.
"""

import numpy as np


def features(n, d, phase, scale):
    i, j = np.meshgrid(np.arange(n), np.arange(d), indexing="ij")
    return (scale * np.sin(i * (j + 1) * 0.7 + phase * j) + 0.1 * phase * j).astype(np.float32).astype(np.float64)


def frechet(a, b):
    s1, s2 = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    eigenvalues = np.linalg.eigvals(s1 @ s2)
    root_trace = np.sqrt(np.maximum(eigenvalues.real, 0)).sum()
    return ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(s1) + np.trace(s2) - 2 * root_trace


def kernel(a, b):
    k = lambda x, y: (x @ y.T / x.shape[1] + 1) ** 3
    n, m = len(a), len(b)
    xx, yy, xy = k(a, a), k(b, b), k(a, b)
    within = (xx.sum() - np.trace(xx)) / (n * (n - 1)) + (yy.sum() - np.trace(yy)) / (m * (m - 1))
    return within - 2 * xy.mean()


a, b = features(50, 6, 1, 1.0), features(50, 6, 2, 1.5)
print("frechet", repr(frechet(a, b)))
print("kernel", repr(kernel(a, b)))
