# Reference values for the statistics of rtvol.outcomes: generated data, and what R makes of them.
# Rscript outcomes_reference.R > outcomes_reference.json
# Needs the packages survival, cmprsk and maxstat. Data and values are written together, so that
# a test never depends on two generators agreeing.
suppressPackageStartupMessages({
  library(survival)
  library(cmprsk)
  library(maxstat)
})
options(warn = 1)
tight <- coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 100)

# ---- JSON, all digits ----------------------------------------------------------------------
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

# ---- what is asked of each data set ------------------------------------------------------------
response <- function(d) {
  if (is.null(d$entry)) Surv(d$time, d$event) else Surv(d$entry, d$time, d$event)
}

curve_values <- function(d) {
  y <- response(d)
  fit <- survfit(y ~ 1, conf.type = "log-log")
  out <- list(
    time = fit$time, n_risk = fit$n.risk, n_event = fit$n.event, survival = fit$surv,
    se = fit$std.err * fit$surv, lower = fit$lower, upper = fit$upper
  )
  middle <- quantile(fit, 0.5)
  out$median <- c(middle$quantile, middle$lower, middle$upper)
  if (!is.null(d$cluster)) {
    if (is.null(d$entry)) {
      byc <- survfit(y ~ 1, cluster = d$cluster, conf.type = "log-log")
    } else {
      byc <- survfit(y ~ 1, id = seq_along(d$time), cluster = d$cluster, conf.type = "log-log")
    }
    out$cluster_se <- if (byc$logse) byc$std.err * byc$surv else byc$std.err
    out$cluster_lower <- byc$lower
    out$cluster_upper <- byc$upper
  }
  if (is.null(d$entry)) {
    out$horizon <- as.numeric(quantile(d$time, 0.8))
    mean <- survival:::survmean(fit, rmean = out$horizon)$matrix
    out$rmst <- c(mean["rmean"], mean["se(rmean)"])
    back <- quantile(survfit(Surv(d$time, 1 - d$event) ~ 1, conf.type = "log-log"), 0.5)
    out$follow_up <- c(back$quantile, back$lower, back$upper)
  }
  out
}

rank_values <- function(d) {
  if (!is.null(d$entry)) {
    # the score test of the exact partial likelihood is the log-rank test, delayed entry included
    fit <- coxph(response(d) ~ factor(d$group), method = "exact")
    return(list(logrank = c(fit$score, length(coef(fit)))))
  }
  plain <- survdiff(Surv(time, event) ~ group, d)
  strat <- survdiff(Surv(time, event) ~ group + strata(stratum), d)
  score <- seq_along(plain$n) - 1
  over <- sum(score * (plain$obs - plain$exp))
  list(
    logrank = c(plain$chisq, length(plain$n) - 1),
    stratified = c(strat$chisq, length(plain$n) - 1),
    trend = over^2 / drop(score %*% plain$var %*% score)
  )
}

cox_part <- function(fit) {
  zph <- cox.zph(fit, transform = "km", terms = FALSE)$table
  out <- list(
    coef = I(coef(fit)), se = I(sqrt(diag(if (is.null(fit$naive.var)) fit$var else fit$naive.var))),
    loglik = fit$loglik,
    tests = c(2 * diff(fit$loglik), fit$score),
    ph = zph[, "chisq"]
  )
  if (!is.null(fit$naive.var)) {
    out$robust_se <- I(sqrt(diag(fit$var)))
    out$robust_tests <- c(fit$wald.test, fit$rscore)
  } else {
    out$wald <- fit$wald.test
  }
  out
}

cox_values <- function(d) {
  y <- response(d)
  x <- d$x
  out <- list(plain = cox_part(coxph(y ~ x, control = tight)))
  out$one <- cox_part(coxph(y ~ x[, 1], control = tight))
  out$strata <- cox_part(coxph(y ~ x + strata(d$stratum), control = tight))
  if (!is.null(d$cluster)) {
    out$cluster <- cox_part(coxph(y ~ x, cluster = d$cluster, control = tight))
    out$cluster_strata <- cox_part(coxph(y ~ x + strata(d$stratum), cluster = d$cluster, control = tight))
  }
  out
}

survival_case <- function(d) {
  list(data = lapply(d, function(v) v), curve = curve_values(d), ranks = rank_values(d), cox = cox_values(d))
}

competing_case <- function(d) {
  test <- cuminc(d$time, d$status, d$group)$Tests
  fit <- survfit(Surv(d$time, factor(d$status, 0:2)) ~ 1, influence = TRUE)
  # cuminc's own limits are not compared: its variance is Aalen's, ours the jackknife of survfit
  moved <- fit$influence.pstate[, -1, ]
  by_cluster <- apply(moved, 2:3, function(v) sqrt(sum(rowsum(v, d$cluster)^2)))
  one <- cuminc(d$time, d$status)
  at <- sort(unique(d$time[d$status > 0]))
  points <- timepoints(one, at)$est
  list(
    data = d, time = fit$time, free = fit$pstate[, 1],
    incidence1 = fit$pstate[, 2], incidence2 = fit$pstate[, 3],
    se1 = fit$std.err[, 2], se2 = fit$std.err[, 3],
    cluster_se1 = by_cluster[, 2], cluster_se2 = by_cluster[, 3],
    event_times = at, cuminc1 = points[1, ], cuminc2 = points[2, ],
    gray1 = test["1", c("stat", "pv", "df")], gray2 = test["2", c("stat", "pv", "df")]
  )
}

# ---- data ------------------------------------------------------------------------------------
make <- function(seed, n, step, clusters = 0, entry = FALSE, covariates = 3, groups = 3) {
  set.seed(seed)
  x <- cbind(rbinom(n, 1, 0.45), round(rnorm(n, 2.4, 1.2), 2), round(rnorm(n, 110, 20)))
  x <- x[, seq_len(covariates), drop = FALSE]
  d <- list()
  shared <- 0
  if (clusters > 0) {
    d$cluster <- sample(clusters, n, replace = TRUE)
    shared <- rnorm(clusters, 0, 0.7)[d$cluster]
  }
  rate <- exp(-3 + 0.7 * x[, 1] + shared)
  event <- rexp(n, rate)
  censor <- runif(n, 2, 50)
  d$time <- pmax(ceiling(pmin(event, censor) / step), 1) * step
  d$event <- as.numeric(event <= censor)
  if (entry) {
    start <- ceiling(runif(n, 0, 12) / step) * step
    d$entry <- start
    d$time <- d$time + start
  }
  d$x <- x
  d$group <- sample(0:(groups - 1), n, replace = TRUE)
  d$stratum <- sample(1:3, n, replace = TRUE)
  d
}

competing <- function(seed, n, step, groups) {
  set.seed(seed)
  kind <- sample(0:2, n, replace = TRUE, prob = c(0.3, 0.4, 0.3))
  group <- sample(0:(groups - 1), n, replace = TRUE)
  time <- rexp(n, 0.06 * (1 + 0.4 * group * (kind == 1)))
  list(
    time = ceiling(time / step) * step, status = kind, group = group,
    cluster = sample(ceiling(n / 2), n, replace = TRUE)
  )
}

cut_case <- function(seed, n) {
  set.seed(seed)
  value <- round(rnorm(n, 60, 10), 1)
  time <- rexp(n, exp(-2 + 0.8 * (value > 62)))
  event <- rbinom(n, 1, 0.7)
  d <- data.frame(time, event, value)
  first <- maxstat.test(Surv(time, event) ~ value, d, smethod = "LogRank", pmethod = "Lau92")
  second <- maxstat.test(Surv(time, event) ~ value, d, smethod = "LogRank", pmethod = "Lau94")
  list(
    data = as.list(d), cut = first$estimate, statistic = first$statistic,
    p_1992 = first$p.value, p_1994 = second$p.value
  )
}

counts_case <- function() {
  a <- c(1.2, 3.4, 3.4, 5, 7.1, 9, 9, 9, 12)
  b <- c(3.4, 4, 8, 9, 15, 16.5, 20)
  small <- matrix(c(3, 2, 1, 7, 5, 0), 2)
  wide <- matrix(c(4, 9, 0, 3, 8, 2, 1, 1, 6, 3), 2)
  p <- c(0.001, 0.04, 0.03, 0.6, 0.04)
  list(
    a = a, b = b, mann_whitney = suppressWarnings(wilcox.test(a, b, exact = FALSE)$p.value),
    small = small, fisher_small = fisher.test(small)$p.value,
    wide = wide, fisher_wide = fisher.test(wide, workspace = 2e6)$p.value,
    chi_square = suppressWarnings(chisq.test(wide, correct = FALSE)$p.value),
    two = matrix(c(8, 14, 21, 9), 2), fisher_two = fisher.test(matrix(c(8, 14, 21, 9), 2))$p.value,
    exact_11_of_55 = binom.test(11, 55)$conf.int[1:2], exact_0_of_55 = binom.test(0, 55)$conf.int[1:2],
    wilson_11_of_55 = suppressWarnings(prop.test(11, 55, correct = FALSE)$conf.int[1:2]),
    p = p, holm = p.adjust(p, "holm"), bh = p.adjust(p, "BH"),
    poisson_7_in_230 = poisson.test(7, 230)$conf.int[1:2]
  )
}

lung_case <- function() {
  y <- Surv(lung$time, lung$status)
  fit <- coxph(y ~ sex, lung, control = tight)
  follow <- quantile(survfit(Surv(time, 3 - status) ~ 1, lung, conf.type = "log-log"), 0.5)
  middle <- quantile(survfit(y ~ 1, conf.type = "log-log"), 0.5)
  list(
    logrank = survdiff(y ~ sex, lung)$chisq, hr = exp(coef(fit)), se = sqrt(fit$var[1, 1]),
    ph = cox.zph(fit)$table["sex", "chisq"],
    median = c(middle$quantile, middle$lower, middle$upper),
    follow_up = c(follow$quantile, follow$lower, follow$upper)
  )
}

out <- list(
  versions = list(
    R = paste(R.version$major, R.version$minor, sep = "."),
    survival = as.character(packageVersion("survival")),
    cmprsk = as.character(packageVersion("cmprsk")),
    maxstat = as.character(packageVersion("maxstat"))
  ),
  survival = list(
    lesions = survival_case(make(11, 77, 1, clusters = 45)),
    ties = survival_case(make(12, 60, 6, clusters = 30, covariates = 2)),
    untied = survival_case(make(13, 40, 1e-4, covariates = 2, groups = 2)),
    delayed = survival_case(make(14, 90, 1, clusters = 50, entry = TRUE)),
    large = survival_case(make(15, 400, 0.5, clusters = 200))
  ),
  competing = list(
    three = competing_case(competing(21, 120, 1, 3)),
    tied = competing_case(competing(22, 77, 6, 2)),
    untied = competing_case(competing(23, 50, 1e-5, 2))
  ),
  cut = cut_case(31, 80),
  counts = counts_case(),
  lung = lung_case()
)
cat(json(out), "\n")
