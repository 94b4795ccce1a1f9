# Reference values for the models of rtvol.outcomes: generated data, and what R makes of them.
# Rscript outcomes_models.R > outcomes_models.json
# Needs the packages survival and cmprsk. The censored dose-response is maximised here with nlm,
# by a likelihood written down anew.
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

doses <- function(seed, n, early) {
  set.seed(seed)
  dose <- round(runif(n, 55, 180), 1)
  volume <- round(rnorm(n, 3.5, 1.5), 2)
  ill <- runif(n) > plogis(-3 + 0.035 * dose - 0.3 * (volume - 3.5))
  fail <- ifelse(ill, 24 * runif(n)^1.6, 1e6)
  seen <- if (early) runif(n, 2, 60) else runif(n, 24, 60)
  list(time = round(pmin(fail, seen), 2), event = as.numeric(fail <= seen), dose = dose, volume = volume)
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
  at_d50 <- function(v) as.numeric(logLik(glm(y ~ 0 + I(x - v), family, control = exact))) - top
  at_gamma <- function(v) {
    held <- rep(-v / gamma_of[[link]], length(y))
    as.numeric(logLik(glm(y ~ 0 + x, family, offset = held, control = exact))) - top
  }
  list(coef = b, se = sqrt(diag(vcov(fit))), loglik = as.numeric(logLik(fit)),
       ratio = fit$null.deviance - fit$deviance,
       d50 = c(d50, ends(at_d50, d50, abs(d50))), gamma50 = c(gamma, ends(at_gamma, gamma, abs(gamma))),
       wide = coef(wide), wide_se = sqrt(diag(vcov(wide))))
}

censored_case <- function(d, link, horizon = 24) {
  p <- curve_of[[link]]
  part <- pmin(d$time / horizon, 1)
  failed <- d$event == 1 & d$time <= horizon
  held <- !failed & d$time >= horizon
  open <- !failed & !held
  minus <- function(eta, rate) {
    whole <- 1 - exp(-rate)
    left <- (exp(-rate * part) - exp(-rate)) / whole
    value <- -(sum(log(p(eta[held]))) + sum(log(p(-eta[failed])) + log(rate / whole) - rate * part[failed]) +
      sum(log(p(eta[open]) + p(-eta[open]) * left[open])))
    if (is.finite(value)) value else 1e8
  }
  scale <- 100
  best <- function(value, start) {
    for (again in 1:6) {
      found <- nlm(value, start, gradtol = 1e-13, steptol = 1e-13, iterlim = 500)
      start <- found$estimate
    }
    found
  }
  full <- best(function(t) minus(t[1] + t[2] * d$dose / scale, t[3]), c(-3, 4, 0.5))
  b <- c(full$estimate[1], full$estimate[2] / scale)
  flat <- best(function(t) minus(rep(t[1], length(part)), t[2]), c(0.5, 0.5))
  top <- full$minimum + qchisq(0.95, 1) / 2
  d50 <- -b[1] / b[2]
  gamma <- -b[1] * gamma_of[[link]]
  at_d50 <- function(v) {
    top - best(function(t) minus(t[1] * (d$dose - v) / scale, t[2]), full$estimate[2:3])$minimum
  }
  at_gamma <- function(v) {
    top - best(function(t) minus(-v / gamma_of[[link]] + t[1] * d$dose / scale, t[2]),
               full$estimate[2:3])$minimum
  }
  list(coef = b, latency = full$estimate[3] / horizon, loglik = -full$minimum,
       ratio = 2 * (flat$minimum - full$minimum),
       d50 = c(d50, ends(at_d50, d50, abs(d50))), gamma50 = c(gamma, ends(at_gamma, gamma, abs(gamma))))
}

dose_case <- function(seed, n, early) {
  d <- doses(seed, n, early)
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
    censored = dose_case(72, 120, TRUE),
    large = dose_case(73, 300, TRUE)
  )
)
cat(json(out), "\n")
