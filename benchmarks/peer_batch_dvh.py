"""DVHs of every structure of patients, by dicompyler-core as its documentation does it."""

import sys
from pathlib import Path

from dicompylercore import dicomparser, dvhcalc


def main():
    """Read D95% and mean dose of all structures of the patients named."""
    for patient in map(Path, sys.argv[1:]):
        rtstruct = str(next(patient.glob("RS*")))
        rtdose = str(next(patient.glob("RD*")))
        for number in dicomparser.DicomParser(rtstruct).GetStructures():
            dvh = dvhcalc.get_dvh(rtstruct, rtdose, number)
            if dvh.volume > 0:
                print(patient.name, dvh.name, dvh.statistic("D95").value, dvh.mean)


if __name__ == "__main__":
    main()
