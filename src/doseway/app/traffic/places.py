"""Real places: plants, airports, ports and cities with their coordinates (WGS-84, public knowledge) and time zones."""

from typing import Final, NamedTuple

from doseway.model.documents import Site
from doseway.model.places import MICRODEGREES, Circle

Position = tuple[float, float]
"""Latitude and longitude in degrees."""


class Place(NamedTuple):
    """A place: its centre in degrees, and the radius of its fence in metres."""

    id: str
    title: str
    latitude: float
    longitude: float
    radius_m: int
    zone: str

    @property
    def position(self) -> Position:
        """The centre."""
        return self.latitude, self.longitude

    def site(self) -> Site:
        """Return the document."""
        area = Circle(
            latitude_udeg=round(self.latitude * MICRODEGREES),
            longitude_udeg=round(self.longitude * MICRODEGREES),
            radius_m=self.radius_m,
        )
        return Site(id=self.id, title=self.title, area=area, zone=self.zone, uses=("stop", "safe"))


_AIRPORT_M: Final = 5_000
_PORT_M: Final = 6_000
_YARD_M: Final = 1_500

PLACES: Final = {
    place.id: place
    for place in (
        Place("plant-basel", "Plant Basel", 47.5744, 7.5815, _YARD_M, "Europe/Zurich"),
        Place("plant-puurs", "Plant Puurs", 51.0736, 4.2886, _YARD_M, "Europe/Brussels"),
        Place("plant-cork", "Plant Ringaskiddy", 51.8297, -8.3219, _YARD_M, "Europe/Dublin"),
        Place("plant-singapore", "Plant Tuas", 1.3000, 103.6360, _YARD_M, "Asia/Singapore"),
        Place("plant-hyderabad", "Plant Genome Valley", 17.5910, 78.5720, _YARD_M, "Asia/Kolkata"),
        Place("plant-kalundborg", "Plant Kalundborg", 55.6795, 11.1036, _YARD_M, "Europe/Copenhagen"),
        Place("cell-lab-leiden", "Cell laboratory Leiden", 52.1680, 4.4630, _YARD_M, "Europe/Amsterdam"),
        Place("airport-fra", "Frankfurt airport", 50.0333, 8.5706, _AIRPORT_M, "Europe/Berlin"),
        Place("airport-ams", "Amsterdam airport", 52.3086, 4.7639, _AIRPORT_M, "Europe/Amsterdam"),
        Place("airport-lgg", "Liège airport", 50.6374, 5.4432, _AIRPORT_M, "Europe/Brussels"),
        Place("airport-cph", "Copenhagen airport", 55.6180, 12.6508, _AIRPORT_M, "Europe/Copenhagen"),
        Place("airport-ord", "Chicago O'Hare airport", 41.9742, -87.9073, _AIRPORT_M, "America/Chicago"),
        Place("airport-jfk", "New York JFK airport", 40.6413, -73.7781, _AIRPORT_M, "America/New_York"),
        Place("airport-dxb", "Dubai airport", 25.2532, 55.3657, _AIRPORT_M, "Asia/Dubai"),
        Place("airport-sin", "Singapore Changi airport", 1.3644, 103.9915, _AIRPORT_M, "Asia/Singapore"),
        Place("airport-hyd", "Hyderabad airport", 17.2403, 78.4294, _AIRPORT_M, "Asia/Kolkata"),
        Place("airport-nrt", "Tokyo Narita airport", 35.7720, 140.3929, _AIRPORT_M, "Asia/Tokyo"),
        Place("airport-gru", "São Paulo Guarulhos airport", -23.4356, -46.4731, _AIRPORT_M, "America/Sao_Paulo"),
        Place("airport-nbo", "Nairobi airport", -1.3192, 36.9278, _AIRPORT_M, "Africa/Nairobi"),
        Place("port-rotterdam", "Port of Rotterdam", 51.9550, 4.0500, _PORT_M, "Europe/Amsterdam"),
        Place("port-antwerp", "Port of Antwerp", 51.2700, 4.3370, _PORT_M, "Europe/Brussels"),
        Place("port-new-york", "Port Newark", 40.6840, -74.1500, _PORT_M, "America/New_York"),
        Place("port-santos", "Port of Santos", -23.9608, -46.3336, _PORT_M, "America/Sao_Paulo"),
        Place("port-singapore", "Port of Singapore", 1.2640, 103.8400, _PORT_M, "Asia/Singapore"),
        Place("hub-milan", "Distribution centre Milan", 45.4440, 9.0950, _YARD_M, "Europe/Rome"),
        Place("hub-rome", "Distribution centre Rome", 41.8170, 12.4270, _YARD_M, "Europe/Rome"),
        Place("hub-madrid", "Distribution centre Madrid", 40.3600, -3.6840, _YARD_M, "Europe/Madrid"),
        Place("hub-lisbon", "Distribution centre Lisbon", 38.7970, -9.1080, _YARD_M, "Europe/Lisbon"),
        Place("hub-lyon", "Distribution centre Lyon", 45.6960, 4.9430, _YARD_M, "Europe/Paris"),
        Place("hub-warsaw", "Distribution centre Warsaw", 52.1830, 20.8170, _YARD_M, "Europe/Warsaw"),
        Place("hub-vilnius", "Distribution centre Vilnius", 54.6510, 25.2070, _YARD_M, "Europe/Vilnius"),
        Place("hub-vienna", "Distribution centre Vienna", 48.1390, 16.4700, _YARD_M, "Europe/Vienna"),
        Place("hub-berlin", "Distribution centre Berlin", 52.4270, 13.5260, _YARD_M, "Europe/Berlin"),
        Place("hub-stockholm", "Distribution centre Stockholm", 59.4210, 17.8490, _YARD_M, "Europe/Stockholm"),
        Place("hub-chicago", "Distribution centre Chicago", 41.7680, -87.9050, _YARD_M, "America/Chicago"),
        Place("hub-atlanta", "Distribution centre Atlanta", 33.6240, -84.5340, _YARD_M, "America/New_York"),
        Place("hub-new-jersey", "Distribution centre New Jersey", 40.3640, -74.4750, _YARD_M, "America/New_York"),
        Place("hub-dubai", "Distribution centre Dubai", 24.9850, 55.1020, _YARD_M, "Asia/Dubai"),
        Place("hub-nairobi", "Vaccine store Nairobi", -1.3060, 36.8050, _YARD_M, "Africa/Nairobi"),
        Place("hub-tokyo", "Distribution centre Tokyo", 35.6500, 139.8200, _YARD_M, "Asia/Tokyo"),
        Place("hub-sao-paulo", "Distribution centre São Paulo", -23.5060, -46.7700, _YARD_M, "America/Sao_Paulo"),
        Place("hospital-paris", "University hospital Paris", 48.8380, 2.3650, 600, "Europe/Paris"),
        Place("hospital-munich", "University hospital Munich", 48.1110, 11.4700, 600, "Europe/Berlin"),
        Place("hospital-berlin", "University hospital Berlin", 52.5260, 13.3770, 600, "Europe/Berlin"),
    )
}
