"""The screens' languages: gettext for words, CLDR (Babel) for dates, numbers and money."""
