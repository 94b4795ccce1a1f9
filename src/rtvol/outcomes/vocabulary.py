"""Words that results may show: terms of CTCAE and usual reasons of exclusion.

Other text of these two columns may say who a patient is. It is numbered in results unless the
settings list it or text is asked for; the counts stay those of each text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtvol.outcomes.problems import Place

if TYPE_CHECKING:
    from rtvol.outcomes.checks import Rows
    from rtvol.outcomes.config import Analysis
    from rtvol.outcomes.problems import Problems

#: CTCAE 4 and 5 (NCI), what radiotherapy of the trunk is graded by.
_CTCAE = """
abdominal distension; abdominal pain; acute kidney injury; adrenal insufficiency; alanine
aminotransferase increased; alkaline phosphatase increased; anemia; anorexia; arthralgia; ascites;
aspartate aminotransferase increased; aspiration; atelectasis; back pain; belching; bile duct
stenosis; biliary fistula; bleeding; bloating; blood bilirubin increased; bone pain; brachial
plexopathy; bronchial fistula; bronchial infection; bronchial obstruction; bronchial stricture;
cardiac arrest; chest pain - cardiac; chest wall pain; chills; cholecystitis; chronic kidney
disease; colitis; colonic fistula; colonic hemorrhage; colonic obstruction; colonic perforation;
colonic stenosis; colonic ulcer; confusion; constipation; cough; creatinine increased; cystitis
noninfective; death nos; dehydration; dermatitis radiation; diarrhea; dizziness; dry mouth;
duodenal fistula; duodenal hemorrhage; duodenal obstruction; duodenal perforation; duodenal
stenosis; duodenal ulcer; dysgeusia; dyspepsia; dysphagia; dyspnea; edema limbs; elevated
transaminases; encephalopathy; enterocolitis; erythema; esophageal fistula; esophageal hemorrhage;
esophageal pain; esophageal stenosis; esophageal ulcer; esophagitis; fatigue; fever; flatulence;
flu like symptoms; fracture; gallbladder fistula; gallbladder necrosis; gallbladder obstruction;
gallbladder pain; gallbladder perforation; gastric fistula; gastric hemorrhage; gastric
perforation; gastric stenosis; gastric ulcer; gastritis; gastroesophageal reflux disease;
gastrointestinal disorders; gastrointestinal pain; ggt increased; headache; hematuria; hemoptysis;
hepatic failure; hepatic hemorrhage; hepatic infection; hepatic necrosis; hepatic pain; hepatitis
viral; hepatobiliary disorders; hiccups; hoarseness; hypertension; hypoalbuminemia; hypoxia; ileal
obstruction; ileal perforation; ileus; infection; inr increased; intra-abdominal hemorrhage;
jejunal obstruction; jejunal perforation; jejunal ulcer; laryngeal edema; leukopenia; liver
abscess; lower gastrointestinal hemorrhage; lung infection; lymphocyte count decreased; malaise;
mucositis oral; myalgia; myelitis; myocardial infarction; myositis; nausea; neuralgia;
neutropenia; neutrophil count decreased; non-cardiac chest pain; obstruction gastric; pain; pain
in extremity; pancreatitis; paresthesia; pericardial effusion; pericarditis; peripheral ischemia;
peripheral motor neuropathy; peripheral sensory neuropathy; peritoneal infection; platelet count
decreased; pleural effusion; pleuritic pain; pneumonitis; pneumothorax; portal hypertension;
portal vein thrombosis; proctitis; pruritus; pulmonary edema; pulmonary fibrosis; pulmonary
fistula; radiation-induced liver disease; rash maculo-papular; rectal hemorrhage; rectal pain;
renal hemorrhage; respiratory failure; rib fracture; sepsis; serum amylase increased; skin
atrophy; skin hyperpigmentation; skin induration; skin ulceration; small intestinal obstruction;
small intestinal perforation; spinal fracture; stomach pain; stroke; superficial soft tissue
fibrosis; telangiectasia; thrombocytopenia; thromboembolic event; tracheal stenosis; tumor pain;
upper gastrointestinal hemorrhage; urinary frequency; urinary incontinence; urinary tract
obstruction; vomiting; weight loss; white blood cell decreased
"""
_EXCLUSIONS = """
age; allergy; another cancer; ascites; child-pugh class; comorbidity; consent withdrawn; contact
lost; contraindication; death before sbrt; declined; disease progression; distant metastases; dose
constraints not met; duplicate; extrahepatic disease; extra-hepatic disease; imaging missing;
incomplete data; incomplete treatment; inadequate liver function; liver function; lost; lost to
follow-up; lost to follow-up at once; missing data; missing dose; no follow-up; no imaging; no
liver lesion; not eligible; not treated; other; other disease; other treatment; palliative intent;
patient choice; poor performance status; previous radiotherapy; primary uncontrolled; prior
radiotherapy; progression; protocol violation; refused; second malignancy; surgery; too many
lesions; treated elsewhere; uncontrollable distant metastases; uncontrolled primary; unknown;
withdrew consent
"""


def _words(text: str) -> frozenset[str]:
    return frozenset(" ".join(word.split()) for word in text.split(";"))


TERMS, EXCLUSIONS = _words(_CTCAE), _words(_EXCLUSIONS)


def withhold_text(
    rows: Rows, column: str, file: str, settings: Analysis, problems: Problems
) -> Rows:
    """Return the rows with numbers for the words of a column that results may not show.

    Parameters
    ----------
    rows
        Row numbers with parsed values.
    column
        "term" or "reason".
    file
        Their file, for the warning.
    settings
        Whose `toxicity_terms` and `exclusion_reasons` are shown too.
    problems
        Takes the warning; its `free_text` shows all words.
    """
    known = TERMS | _folded(settings.toxicity_terms)
    if column == "reason":
        known = EXCLUSIONS | _folded(settings.exclusion_reasons)
    numbers: dict[str, int] = {}
    done = []
    for row, values in rows:
        text = values[column]
        if isinstance(text, str) and text and not problems.free_text and _fold(text) not in known:
            number = numbers.setdefault(_fold(text), len(numbers) + 1)
            done.append((row, values | {column: f"{column} {number} (text not shown)"}))
        else:
            done.append((row, values))
    if numbers:
        key = "toxicity_terms" if column == "term" else "exclusion_reasons"
        problems.warn(
            "text-withheld", Place(file, 0, column), f"{len(numbers)} different",
            "words that are no usual ones have numbers in results",
            f"list them in analysis.toml as {key}, or --show-text",
        )  # fmt: skip
    return tuple(done)


def _fold(text: str) -> str:
    return " ".join(text.casefold().split())


def _folded(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(_fold, words))
