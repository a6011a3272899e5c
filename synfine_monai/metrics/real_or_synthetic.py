"""How well a small classifier tells synthetic patches from real ones: 0.5 is not at all, 1.0 every time."""

import numpy as np
from scipy.ndimage import gaussian_filter
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

PERCENTILES = (1, 5, 25, 50, 75, 95, 99)
LAGS = (1, 2, 4, 8, 16)
SCALES = (1.0, 2.0, 4.0)


def patch_features(patches: np.ndarray) -> np.ndarray:
    """Summaries of grey levels, of their differences over some distances, and of detail at some scales.

    Args:
        patches: (N, H, W) of any real dtype, H and W > 16.

    Returns:
        (N, 7 + 10 + 6) float64.
    """
    patches = np.asarray(patches, dtype=np.float64)
    columns = list(np.percentile(patches, PERCENTILES, axis=(1, 2)))
    for lag in LAGS:
        columns.append(np.abs(patches[:, lag:] - patches[:, :-lag]).mean((1, 2)))
        columns.append(np.abs(patches[:, :, lag:] - patches[:, :, :-lag]).mean((1, 2)))
    for scale in SCALES:
        detail = patches - gaussian_filter(patches, (0, scale, scale))
        spread = detail.std((1, 2)) + 1e-9
        columns += [np.log(spread), (detail**3).mean((1, 2)) / spread**3]
    return np.stack(columns, axis=1)


def real_or_synthetic_auc(real: np.ndarray, synthetic: np.ndarray, folds: int = 5, seed: int = 0) -> float:
    """Area under the ROC curve of a logistic regression on ``patch_features``, on patches that it was not fitted to.

    A generator that varies more widely than one scan is told apart easily: a high value is no fault in itself. It
    counts when two presets of equal width are compared.

    Args:
        real: (N, H, W) patches, normalised.
        synthetic: (M, H, W) patches, normalised alike.
        folds: of the cross-validation, 2 to min(N, M).
        seed: of the folds.

    Raises:
        ValueError: if either side has fewer patches than folds.
    """
    if min(len(real), len(synthetic)) < folds:
        raise ValueError(f"{len(real)} real and {len(synthetic)} synthetic patches are too few for {folds} folds.")
    features = np.concatenate([patch_features(real), patch_features(synthetic)])
    truth = np.repeat([1, 0], [len(real), len(synthetic)])
    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000, class_weight="balanced"))
    splits = StratifiedKFold(folds, shuffle=True, random_state=seed)
    score = cross_val_predict(classifier, features, truth, cv=splits, method="predict_proba")[:, 1]
    return float(roc_auc_score(truth, score))
