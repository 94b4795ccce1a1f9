# Reference values for the models of rtvol.outcomes: generated data, and what R makes of them.
# Rscript outcomes_models.R > outcomes_models.json
# Needs the packages survival and cmprsk. The censored dose-response is maximised here with nlm and
# Newton's method, by a likelihood written down anew.
suppressPackageStartupMessages({
  library(survival)
  library(cmprsk)
})
options(warn = 1)
tight <- coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 100)

number <- function(x) ifelse(is.finite(x), formatC(x, digits = 17, format = "g", width = 1), "null")
json <- function(x) {
  if (is.null(x)) return("null")
  if (is.list(x)) {
    inner <- vapply(x, json, "")
    return(paste0("{", paste0("\"", names(x), "\": ", inner, collapse = ",\n "), "}"))
  }
  if (is.matrix(x)) {
    return(paste0("[", paste(apply(x, 1, function(row) json(unname(row))), collapse = ", "), "]"))
  }
  x <- unname(x)
  items <- if (is.character(x)) paste0("\"", x, "\"") else number(as.numeric(x))
  if (length(x) == 1 && !inherits(x, "AsIs")) items else paste0("[", paste(items, collapse = ", "), "]")
}

# ---- Cox: Breslow and exact ties, few clusters, concordance ------------------------------------
make <- function(seed, n, step, clusters, entry = FALSE) {
  set.seed(seed)
  x <- cbind(a = rbinom(n, 1, 0.4), b = round(rnorm(n, 2, 1), 2))
  time <- ceiling(rexp(n, 0.05 * exp(0.6 * x[, 1] - 0.2 * x[, 2])) / step) * step
  d <- list(time = time, event = rbinom(n, 1, 0.65), x = x,
            cluster = sample(clusters, n, replace = TRUE), stratum = sample(1:2, n, replace = TRUE))
  if (entry) {
    start <- ceiling(runif(n, 0, 10) / step) * step
    d$entry <- start
    d$time <- d$time + start
  }
  d
}

cox_values <- function(d, ties, ...) {
  y <- if (is.null(d$entry)) Surv(d$time, d$event) else Surv(d$entry, d$time, d$event)
  fit <- coxph(y ~ d$x, ties = ties, control = tight, ...)
  list(coef = coef(fit), se = sqrt(diag(if (is.null(fit$naive.var)) fit$var else fit$naive.var)),
       loglik = fit$loglik, tests = c(2 * diff(fit$loglik), fit$score),
       robust_se = if (is.null(fit$naive.var)) NULL else sqrt(diag(fit$var)))
}

ties_case <- function(d, exact = TRUE) {
  out <- list(data = d, breslow = cox_values(d, "breslow"))
  out$breslow_cluster <- cox_values(d, "breslow", cluster = d$cluster)
  if (is.null(d$entry)) {
    y <- Surv(d$time, d$event)
    fit <- coxph(y ~ d$x + strata(d$stratum), ties = "breslow", control = tight)
    out$breslow_strata <- list(coef = coef(fit), se = sqrt(diag(fit$var)), loglik = fit$loglik,
                               tests = c(2 * diff(fit$loglik), fit$score))
    if (exact) {
      fit <- coxph(y ~ d$x + strata(d$stratum), ties = "exact", control = tight)
      out$exact_strata <- list(coef = coef(fit), se = sqrt(diag(fit$var)), loglik = fit$loglik,
                               tests = c(2 * diff(fit$loglik), fit$score))
    }
    score <- drop(d$x %*% c(0.5, -0.3))
    plain <- concordance(y ~ score, reverse = TRUE)
    byc <- concordance(y ~ score, reverse = TRUE, cluster = d$cluster)
    out$concordance <- c(plain$concordance, sqrt(plain$var), sqrt(byc$var))
    tau <- as.numeric(min(max(d$time[d$x[, 1] == 0]), max(d$time[d$x[, 1] == 1])))
    means <- lapply(0:1, function(k) survival:::survmean(survfit(Surv(d$time, d$event)[d$x[, 1] == k] ~ 1), rmean = tau)$matrix)
    # residuals() evaluates the call anew, from the outside
    two_groups <<- data.frame(time = d$time, event = d$event, a = d$x[, 1])
    fit <- survfit(Surv(time, event) ~ a, two_groups)
    move <- residuals(fit, times = tau, type = "rmst")
    signed <- move * ifelse(d$x[, 1] == 1, 1, -1)
    out$rmst <- c(tau, means[[1]]["rmean"], means[[2]]["rmean"],
                  sqrt(means[[1]]["se(rmean)"]^2 + means[[2]]["se(rmean)"]^2),
                  sqrt(sum(rowsum(signed, d$cluster)^2)))
  }
  if (exact) out$exact <- cox_values(d, "exact")
  out
}

few_case <- function(d) {
  y <- Surv(d$time, d$event)
  fit <- coxph(y ~ d$x, control = tight)
  groups <- sort(unique(d$cluster))
  g <- length(groups)
  moves <- t(sapply(groups, function(k) {
    keep <- d$cluster != k
    coef(coxph(y[keep] ~ d$x[keep, ], control = tight)) - coef(fit)
  }))
  se <- sqrt(diag((g - 1) / g * t(moves) %*% moves))
  list(data = d, coef = coef(fit), se = se, p = 2 * pt(-abs(coef(fit) / se), g - 1),
       upper = exp(coef(fit) + qt(0.975, g - 1) * se))
}

# ---- Fine and Gray -----------------------------------------------------------------------------
fine_gray_case <- function(seed, n, step) {
  set.seed(seed)
  x <- cbind(a = rbinom(n, 1, 0.4), b = round(rnorm(n, 2, 1), 2))
  status <- sample(0:2, n, replace = TRUE, prob = c(0.3, 0.4, 0.3))
  time <- ceiling(rexp(n, 0.06 * (1 + 0.4 * x[, 1] * (status == 1))) / step) * step
  out <- list(data = list(time = time, status = status, x = x))
  for (cause in 1:2) {
    fit <- crr(time, status, x, failcode = cause, gtol = 1e-12, maxiter = 50)
    out[[paste0("cause", cause)]] <- list(
      coef = fit$coef, var = fit$var, loglik = c(fit$loglik.null, fit$loglik),
      p = 2 * pnorm(-abs(fit$coef / sqrt(diag(fit$var))))
    )
  }
  out
}

# ---- dose-response -----------------------------------------------------------------------------
curve_of <- list(logistic = plogis, probit = pnorm)
gamma_of <- list(logistic = 1 / 4, probit = 1 / sqrt(2 * pi))

doses <- function(seed, n, early, clusters = 40) {
  set.seed(seed)
  dose <- round(runif(n, 55, 180), 1)
  volume <- round(rnorm(n, 3.5, 1.5), 2)
  ill <- runif(n) > plogis(-3 + 0.035 * dose - 0.3 * (volume - 3.5))
  fail <- ifelse(ill, 24 * runif(n)^1.6, 1e6)
  seen <- if (early) runif(n, 2, 60) else runif(n, 24, 60)
  list(time = round(pmin(fail, seen), 2), event = as.numeric(fail <= seen), dose = dose, volume = volume,
       cluster = sample(clusters, n, replace = TRUE))
}

# derivatives by central differences, extrapolated once (Richardson)
slope <- function(f, at) {
  sapply(seq_along(at), function(k) {
    side <- function(h) {
      step <- replace(numeric(length(at)), k, h)
      (f(at + step) - f(at - step)) / (2 * h)
    }
    (4 * side(5e-4) - side(1e-3)) / 3
  })
}

# limits and p by cluster: the likelihood ratio over the ratio of variances (Rotnitzky and Jewell)
by_cluster <- function(covariance, naive, b, link, free, top, profiles, ratio) {
  square <- if (is.null(free)) qchisq(0.95, 1) else qt(0.975, free)^2
  grow <- function(g) {
    g <- c(g, rep(0, nrow(naive) - 2))
    sum(g * (covariance %*% g)) / sum(g * (naive %*% g))
  }
  value <- c(-b[1] / b[2], -b[1] * gamma_of[[link]])
  more <- c(grow(c(-1 / b[2], b[1] / b[2]^2)), grow(c(1, 0)))
  found <- lapply(1:2, function(k) {
    inside <- function(v) profiles[[k]](v) - (top - more[k] * square / 2)
    ends(inside, value[k], abs(value[k]))
  })
  root <- sqrt(ratio / grow(c(0, 1)))
  p <- if (is.null(free)) 2 * pnorm(-root) else 2 * pt(-root, free)
  list(robust_se = sqrt(diag(covariance))[1:2], d50 = found[[1]], gamma50 = found[[2]], p = p)
}

ends <- function(inside, best, size) {
  look <- function(side) {
    far <- best
    step <- 0.05 * size
    repeat {
      far <- best + side * step
      if (inside(far) <= 0) break
      step <- 2 * step
      if (step > 64 * size) return(NA)
    }
    uniroot(inside, sort(c(best, far)), tol = 1e-10 * size)$root
  }
  c(look(-1), look(1))
}

known_case <- function(d, link, horizon = 24) {
  family <- binomial(if (link == "logistic") "logit" else "probit")
  exact <- glm.control(epsilon = 1e-14, maxit = 100)
  keep <- d$time >= horizon | d$event == 1
  y <- ifelse(d$event == 1 & d$time <= horizon, 0, 1)[keep]
  x <- d$dose[keep]
  fit <- glm(y ~ x, family, control = exact)
  wide <- glm(y ~ x + I(d$volume[keep] - median(d$volume[keep])), family, control = exact)
  top <- as.numeric(logLik(fit)) - qchisq(0.95, 1) / 2
  b <- coef(fit)
  d50 <- -b[1] / b[2]
  gamma <- -b[1] * gamma_of[[link]]
  on_d50 <- function(v) as.numeric(logLik(glm(y ~ 0 + I(x - v), family, control = exact)))
  on_gamma <- function(v) {
    held <- rep(-v / gamma_of[[link]], length(y))
    as.numeric(logLik(glm(y ~ 0 + x, family, offset = held, control = exact)))
  }
  at_d50 <- function(v) on_d50(v) - top
  at_gamma <- function(v) on_gamma(v) - top
  # observed information and scores, written down
  design <- cbind(1, x)
  eta <- drop(design %*% b)
  pull <- if (link == "logistic") {
    list(y - plogis(eta), plogis(eta) * plogis(-eta))
  } else {
    m <- ifelse(y == 1, dnorm(eta) / pnorm(eta), -dnorm(eta) / pnorm(-eta))
    list(m, m * (eta + m))
  }
  naive <- solve(t(design) %*% (pull[[2]] * design))
  cluster <- d$cluster[keep]
  groups <- unique(cluster)
  if (length(groups) >= 20) {
    covariance <- naive %*% crossprod(rowsum(pull[[1]] * design, cluster)) %*% naive
    free <- NULL
  } else {
    moves <- t(sapply(groups, function(g) coef(glm(y ~ x, family, subset = cluster != g, control = exact)) - b))
    free <- length(groups) - 1
    covariance <- free / length(groups) * crossprod(moves)
  }
  patients <- by_cluster(covariance, naive, b, link, free, as.numeric(logLik(fit)), list(on_d50, on_gamma),
                         fit$null.deviance - fit$deviance)
  list(coef = b, se = sqrt(diag(vcov(fit))), loglik = as.numeric(logLik(fit)),
       ratio = fit$null.deviance - fit$deviance,
       d50 = c(d50, ends(at_d50, d50, abs(d50))), gamma50 = c(gamma, ends(at_gamma, gamma, abs(gamma))),
       wide = coef(wide), wide_se = sqrt(diag(vcov(wide))), by_cluster = patients)
}

censored_case <- function(d, link, horizon = 24) {
  p <- curve_of[[link]]
  part <- pmin(d$time / horizon, 1)
  failed <- d$event == 1 & d$time <= horizon
  held <- !failed & d$time >= horizon
  open <- !failed & !held
  rows <- function(eta, rate) {
    whole <- 1 - exp(-rate)
    left <- (exp(-rate * part) - exp(-rate)) / whole
    ifelse(held, log(p(eta)), ifelse(failed, log(p(-eta)) + log(rate / whole) - rate * part,
                                     log(p(eta) + p(-eta) * left)))
  }
  scale <- 100
  # nlm comes near, Newton's method to the end
  best <- function(each, start) {
    minus <- function(t) {
      value <- -sum(each(t))
      if (is.finite(value)) value else 1e8
    }
    found <- nlm(minus, start, gradtol = 1e-10, steptol = 1e-10, iterlim = 500)$estimate
    down <- function(t) colSums(rbind(slope(each, t)))
    for (again in 1:4) found <- found - solve(slope(down, found), down(found))
    list(at = found, top = sum(each(found)), scores = slope(each, found), information = -slope(down, found))
  }
  free <- function(t) rows(t[1] + t[2] * d$dose / scale, t[3])
  full <- best(free, c(-3, 4, 0.5))
  b <- c(full$at[1], full$at[2] / scale)
  flat <- best(function(t) rows(rep(t[1], length(part)), t[2]), c(0.5, 0.5))
  drop <- qchisq(0.95, 1) / 2
  d50 <- -b[1] / b[2]
  gamma <- -b[1] * gamma_of[[link]]
  on_d50 <- function(v) best(function(t) rows(t[1] * (d$dose - v) / scale, t[2]), full$at[2:3])$top
  on_gamma <- function(v) {
    best(function(t) rows(-v / gamma_of[[link]] + t[1] * d$dose / scale, t[2]), full$at[2:3])$top
  }
  at_d50 <- function(v) on_d50(v) - (full$top - drop)
  at_gamma <- function(v) on_gamma(v) - (full$top - drop)
  unit <- diag(c(1, 1 / scale, 1))
  naive <- unit %*% solve(full$information) %*% unit
  scores <- rowsum(full$scores, d$cluster)
  covariance <- unit %*% solve(full$information) %*% crossprod(scores) %*% solve(full$information) %*% unit
  ratio <- 2 * (full$top - flat$top)
  list(coef = b, latency = full$at[3] / horizon, loglik = full$top, ratio = ratio,
       d50 = c(d50, ends(at_d50, d50, abs(d50))), gamma50 = c(gamma, ends(at_gamma, gamma, abs(gamma))),
       by_cluster = by_cluster(covariance, naive, b, link, NULL, full$top, list(on_d50, on_gamma), ratio))
}

dose_case <- function(seed, n, early, clusters = 40) {
  d <- doses(seed, n, early, clusters)
  out <- list(data = d)
  for (link in names(curve_of)) {
    out[[paste0("known_", link)]] <- known_case(d, link)
    if (early) out[[paste0("censored_", link)]] <- suppressWarnings(censored_case(d, link))
  }
  out
}

out <- list(
  versions = list(
    R = paste(R.version$major, R.version$minor, sep = "."),
    survival = as.character(packageVersion("survival")),
    cmprsk = as.character(packageVersion("cmprsk"))
  ),
  ties = list(
    heavy = ties_case(make(41, 60, 5, 30)),
    light = ties_case(make(42, 90, 1, 45)),
    untied = ties_case(make(43, 50, 1e-5, 25)),
    delayed = ties_case(make(44, 80, 2, 40, entry = TRUE)),
    large = ties_case(make(45, 400, 1, 200), exact = FALSE)
  ),
  few = list(nine = few_case(make(51, 40, 1, 9)), fifteen = few_case(make(52, 60, 3, 15))),
  fine_gray = list(
    untied = fine_gray_case(61, 90, 1e-5),
    tied = fine_gray_case(62, 120, 1),
    heavy = fine_gray_case(63, 77, 6),
    large = fine_gray_case(64, 400, 0.5)
  ),
  dose = list(
    followed = dose_case(71, 90, FALSE),
    few = dose_case(74, 80, FALSE, clusters = 12),
    censored = dose_case(72, 120, TRUE),
    large = dose_case(73, 300, TRUE)
  )
)
cat(json(out), "\n")
