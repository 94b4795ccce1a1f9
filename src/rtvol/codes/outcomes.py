"""Codes of outcome data: what a data set or the settings of an analysis can have wrong."""

from __future__ import annotations

from rtvol.codes.kinds import Code

_CHECK = "see the row that the message names"

CODES: dict[str, Code] = {
    # files and columns
    "cohort-rejected": Code("reject", "the outcome data has errors; nothing is analysed", _CHECK),
    "no-cohort": Code(
        "reject", "the folder holds no outcome tables", "give the folder of the CSV files"
    ),
    "missing-table": Code("reject", "a required table is not there", "add the file"),
    "table-left-out": Code(
        "warn", "an optional table is not there", "add the file if there is one"
    ),
    "table-twice": Code(
        "reject", "a table is there as CSV and as Parquet", "remove one of the two"
    ),
    "no-header": Code(
        "reject", "the first row of a table names no known column", "put the names into row 1"
    ),
    "no-rows": Code("reject", "a table has no rows", "fill it, or remove an optional one"),
    "not-utf8": Code("reject", "a text file is not UTF-8", "save it as CSV UTF-8"),
    "not-parquet": Code("reject", "a file is not Parquet that can be read", "write it again"),
    "not-xlsx": Code("reject", "a file is no Excel workbook that can be read", "save it again"),
    "redcap-instrument": Code(
        "warn",
        "rows of a REDCap instrument that feeds no table are left out",
        "rename the instrument",
    ),
    "empty-columns": Code(
        "warn", "columns without a name and without a value are left out", "nothing to do"
    ),
    "wrong-delimiter": Code(
        "reject", "cells are not separated by commas", "save as comma delimited"
    ),
    "bad-quotes": Code(
        "reject",
        'a " is left open, text follows a closed one, or a cell goes over several lines',
        'close the ", or remove it; put the text of a cell on one line',
    ),
    "ragged-row": Code(
        "reject", "a row has more or fewer cells than the header", "quote commas in texts"
    ),
    "missing-column": Code("reject", "a required column is not there", "add or rename the column"),
    "duplicate-column": Code(
        "reject", "a column name stands twice", "remove or rename one of them"
    ),
    "column-alias": Code(
        "warn", "a column was read under another name", "use the dictionary's name"
    ),
    "extra-column": Code(
        "warn", "a column is not in the data dictionary and not used", "rename or remove it"
    ),
    "text-withheld": Code(
        "warn",
        "words of the data that are no usual ones have numbers in results",
        "list them in analysis.toml, or --show-text",
    ),
    "often-missing": Code(
        "warn", "a column is empty in more than 10 % of rows", "fill what is known"
    ),
    "mixed-time": Code(
        "reject", "days and dates are mixed in one data set", "give one of them everywhere"
    ),
    # cells
    "missing-value": Code("reject", "a required cell is empty", "fill in the cell"),
    "unknown-code": Code(
        "reject", "a value is not one of the codes", "use the code the message offers"
    ),
    "coded-one-two": Code("reject", "a yes/no column is coded 1 and 2", "recode it as 0 and 1"),
    "not-a-number": Code(
        "reject", "a cell that holds a number holds something else", "give the number alone"
    ),
    "decimal-comma": Code(
        "reject", "a number has a comma", "write a point where the decimals begin, if it is they"
    ),
    "not-whole": Code("reject", "a whole number has decimals", "look up what was meant"),
    "not-a-day": Code(
        "reject", "a day is not a whole number of days", "count days from the first fraction"
    ),
    "not-iso-date": Code("reject", "a date is not ISO 8601", "write YYYY-MM-DD"),
    "day-is-date": Code(
        "reject", "a day looks like a date as Excel stores it", "call the columns *_date"
    ),
    "excel-serial": Code(
        "warn", "dates were read from the serial numbers of Excel", "check one of them"
    ),
    "out-of-range": Code(
        "reject", "a number lies outside what can be", "check the value and its unit"
    ),
    "bad-pseudonym": Code(
        "reject", "an id has forbidden characters or is too long", "give a short pseudonym"
    ),
    "id-is-number": Code("reject", "an id was stored as a number", "store ids as text"),
    # privacy
    "identifying-column": Code(
        "reject", "a column is called like one that names persons", "remove the column"
    ),
    "identifying-value": Code(
        "reject", "values look like names, dates, numbers or UIDs of persons", "remove them"
    ),
    # keys
    "duplicate-key": Code("reject", "a patient or lesion stands twice", "remove or rename the row"),
    "orphan-key": Code(
        "reject", "an id has no partner in another table", "add the row there, or remove it here"
    ),
    "lesion-without-followup": Code(
        "reject", "a lesion has no row in lesion_followup", "add its follow-up"
    ),
    "screening-disagrees": Code(
        "reject", "screening and patients disagree on who is included", "mend either of them"
    ),
    # lesions
    "volume-not-positive": Code(
        "reject", "a volume is not above 0", "give it in mL, or leave it empty"
    ),
    "volume-unit": Code(
        "reject", "volumes look as if not in mL", "look one up; convert the whole column"
    ),
    "volume-order": Code(
        "reject", "an inner target is larger than an outer one", "check both volumes"
    ),
    "dose-in-cgy": Code("reject", "a dose looks like cGy", "look it up: cGy, or a slip of the pen"),
    "dose-too-high": Code(
        "reject", "a dose is more than three times the prescription", "check both doses"
    ),
    "bed-disagrees": Code(
        "reject", "BED disagrees with dose and fractions", "mend one of the three"
    ),
    "fraction-dose-disagrees": Code(
        "reject", "dose per fraction disagrees with total and number", "mend one of the three"
    ),
    "unusual-fractionation": Code(
        "warn", "dose or fractions are unusual for SBRT", "check dose and fractions"
    ),
    "sums-disagree": Code(
        "reject", "counts or sums by patient disagree with the lesions", "mend either of them"
    ),
    "low-d95": Code("warn", "PTV D95 is below 80 % of the prescription", "check target and plan"),
    "margin-floor": Code(
        "warn", "a PTV is smaller than its GTV with the margin can be", "check both volumes"
    ),
    "many-targets": Code(
        "warn", "a patient has more targets than the study takes", "check eligibility"
    ),
    # times
    "first-day-not-zero": Code(
        "reject", "day 0 is not the patient's first fraction", "count days from it"
    ),
    "before-sbrt": Code("reject", "an event or visit lies before SBRT", "mend the day"),
    "diagnosis-after-sbrt": Code(
        "reject", "the diagnosis lies after SBRT", "mend the day or its sign"
    ),
    "after-death": Code("reject", "an event or visit lies after death", "mend either day"),
    "after-last-contact": Code(
        "reject", "an event or visit lies after last contact", "mend either day"
    ),
    "event-without-day": Code("reject", "an event has no day", "give the day"),
    "day-without-event": Code(
        "reject", "a day is given for an event that did not happen", "mend flag or day"
    ),
    "death-not-last-contact": Code(
        "reject", "the day of death is not the last contact", "mend either day"
    ),
    "no-followup": Code(
        "warn", "a patient or lesion was never followed", "check that it belongs here"
    ),
    "days-look-like-months": Code(
        "warn", "times are so small that they may be months", "give days, or dates"
    ),
    "imaging-gap": Code(
        "warn", "imaging stopped long before last contact", "local control is unknown since"
    ),
    "imaging-before-failure": Code(
        "warn", "last imaging lies before the failure it showed", "mend either day"
    ),
    # failures
    "progression-without-component": Code(
        "reject", "a progression is of no kind", "set a component's flag"
    ),
    "component-without-progression": Code(
        "reject", "a kind of failure without progression", "mend either flag"
    ),
    "progression-not-earliest": Code(
        "reject", "progression is not the day of its first component", "mend either of them"
    ),
    "lesion-failed-patient-not": Code(
        "reject", "a lesion failed, its patient did not", "mend either flag"
    ),
    "patient-failed-lesion-not": Code(
        "reject", "a patient failed locally, no lesion did", "mend either flag"
    ),
    "failure-before-progression": Code(
        "reject", "a lesion failed before progression", "mend either day"
    ),
    "local-day-disagrees": Code(
        "reject",
        "first local failure differs between patient and lesions",
        "mend the day of either",
    ),
    # classes and toxicity
    "class-disagrees": Code(
        "reject", "disease class and extra-hepatic flag disagree", "mend either of them"
    ),
    "site-empty": Code("warn", "the site of extra-hepatic disease is empty", "fill in the site"),
    "bad-grade": Code(
        "reject", "a toxicity grade is not 1 to 5", "leave out rows without toxicity"
    ),
    "grade-without-death": Code(
        "reject", "toxicity of grade 5 in a living patient", "mend either of them"
    ),
    "assessed-assumed": Code(
        "warn", "toxicity is taken as assessed in everybody", "add toxicity_assessed_*"
    ),
    # the analysis
    "few-at-risk": Code(
        "warn", "fewer than 10 are at risk at a horizon", "take an earlier horizon"
    ),
    "bad-analysis": Code(
        "usage", "the settings of an analysis cannot be used", "see docs/outcomes.md"
    ),
    "unknown-endpoint": Code(
        "usage", "no endpoint has that name", "give one that the message lists"
    ),
    "unknown-factor": Code(
        "usage", "that factor does not exist for that unit", "give one that is listed"
    ),
    "origin-unknown": Code(
        "reject", "the clock cannot start at a day that is not given", "fill sbrt_end_day"
    ),
    "union-unknown": Code("reject", "the union of PTVs is asked for and not known", "take the sum"),
}
