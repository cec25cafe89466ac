/** The Frechet distance of two sets of features, taken as Gaussians (Heusel et al. 2017: FID with Inception's features). */
import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import type { Runtime } from "../../core/runtime/session.js";
import { checkComparable, type Features } from "./features.js";
import { covariance, meanOf } from "./products.js";

/**
 * |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)) in float64. It falls with the number of images: compare numbers of as many.
 * Eigenvalues take time with the cube of the width. Throws `EvaluationError` for features of different kinds or
 * fewer than 2 images.
 */
export async function frechetDistance(runtime: Runtime, a: Features, b: Features): Promise<number> {
  checkComparable(a, b, 2);
  const [means, otherMeans] = [meanOf(a), meanOf(b)];
  const first = squareMatrix(await covariance(runtime, a), a.d);
  const second = squareMatrix(await covariance(runtime, b), b.d);
  const shift = means.reduce((sum, m, i) => sum + (m - otherMeans[i]) ** 2, 0);
  return Math.max(0, shift + first.trace() + second.trace() - 2 * traceOfRoot(first, second));
}

/** tr (S1 S2)^(1/2): S1 S2 has the eigenvalues of the symmetric S1^(1/2) S2 S1^(1/2). */
function traceOfRoot(first: Matrix, second: Matrix): number {
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(first, {
    assumeSymmetric: true,
  });
  // V^T S2 V between the roots of the values has them too, which saves two products.
  const turned = eigenvectorMatrix.transpose().mmul(second).mmul(eigenvectorMatrix);
  const roots = realEigenvalues.map(root);
  const between = turned.mulColumnVector(roots).mulRowVector(roots);
  const symmetric = Matrix.add(between, between.transpose()).mul(0.5);
  const { realEigenvalues: values } = new EigenvalueDecomposition(symmetric, { assumeSymmetric: true });
  return values.reduce((sum, value) => sum + root(value), 0);
}

/** Rounding may leave a value a little below zero. */
const root = (value: number) => Math.sqrt(Math.max(0, value));

function squareMatrix(values: Float64Array, size: number): Matrix {
  return Matrix.from1DArray(size, size, values);
}
