"""An openly synthetic cohort with the shape of a study: 55 patients, 77 liver lesions.

Patients and lesions with exact counts (`structure`), what happens to them as a stored draw
(`course`), and the five tables of the hand-over format (`tables`). No row is a patient.
"""
