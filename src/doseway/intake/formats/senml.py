"""SenML JSON (RFC 8428): an array of flat records, resolved against base name, time, unit and value.

    pack   = "[" record *( "," record ) "]"
    record = { ["bn"], ["bt"], ["bu"], ["bv"], ["bver"], ["n"], ["u"], ["v" | "vs" | "vb" | "vd"], ["s"], ["t"] }

Base fields hold until a later record changes them (4.1). A time below 2^28 is relative to the arrival (4.5.3). Records
are decoded one at a time, so a pack may have any size; a record is flat, so nothing nests.
"""

import re
from typing import BinaryIO, Final

from doseway.intake.port import DecodeOptions, Format
from doseway.intake.senml.pack import Pack, Records
from doseway.intake.zones import check, resolve
from doseway.model.readings import Device, Recording, SignatureCheck, SignatureStatus

_SPACE: Final = b" \t\r\n"
_START: Final = re.compile(rb'[ \t\r\n]*\[[ \t\r\n]*\{[^{}]{0,4000}?"(?:bn|bt|bu|bver|n|u|v|t)"[ \t\r\n]*:')


class SenmlFormat:
    """SenML JSON packs."""

    id = "senml"
    version = 1
    title = "SenML JSON (RFC 8428)"

    def matches(self, head: bytes, name: str) -> bool:
        """Recognise an array of objects with SenML labels."""
        return bool(_START.match(head)) or (name.lower().endswith(".senml") and head.lstrip(_SPACE)[:1] == b"[")

    def decode(self, stream: BinaryIO, options: DecodeOptions) -> Recording:
        """Decode record by record; see `Format.decode`."""
        check(options.zone)
        records = Records(stream, options)
        pack = Pack(options)
        for raw in records:
            pack.add(raw, records.number, records.byte - len(raw))
        zone = resolve(options.zone or "UTC", min((series.observed_at_ms[0] for series in pack.series()), default=0))
        return Recording(
            format=self.id,
            format_version=self.version,
            device=Device(serial=pack.first_base_name.rstrip(":/-_.")),
            series=pack.series(),
            signature=SignatureCheck(
                status=SignatureStatus.UNSIGNED,
                note="The format carries no signature: nothing shows whether the pack was altered.",
            ),
            zone=zone.label,
            offset_minutes=zone.offset_minutes,
            notes=(*zone.notes, *pack.notes()),
        )


FORMAT: Final[Format] = SenmlFormat()
