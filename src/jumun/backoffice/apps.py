from jumun import installed


class BackofficeConfig(installed.InstalledApp):
    name = "jumun.backoffice"
    label = "jumun_backoffice"
    verbose_name = "Jumun · backoffice"
