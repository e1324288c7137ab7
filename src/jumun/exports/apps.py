from jumun import installed


class ExportsConfig(installed.InstalledApp):
    name = "jumun.exports"
    label = "jumun_exports"
    verbose_name = "Jumun · exports"
