#!/usr/bin/env python3
"""Oracle for the deadlines of accepted cases, written from the law alone.

Prints random acceptances, some of them of renewals, with the deadlines the law gives them, one JSON
object a line.  The law, and how it is read here:

* Civil Code (民法典) 201: the day of acceptance is not counted.
* Administrative Licensing Law (行政许可法) 42: the statutory term, which may be
  extended once; 82: its days are working days without public holidays.
* Administrative Licensing Law 45: the time of a hearing, tender, test, expert
  review and the like is not counted.  Such a stop takes the days after the
  one it begins on, up to and including the one it ends on.
* Civil Code 203: a term of natural days whose last day is not worked ends on
  the next day that is worked (and that no stop takes).

* Administrative Licensing Law 50: a renewal is asked for thirty days before
  the licence ends, unless another term is laid down; those days are the
  applicant's and therefore natural ones (82 speaks of the authority's).  The
  authority decides before the licence ends; if it doesn't, it is deemed to
  have granted.  Neither 42 nor 45 is about the licence: no stop and no
  extension moves its end.  Nothing is deemed of what was asked for late, or
  was complete only after the end.
* Civil Code 202: a period of months ends on the corresponding day, or on the
  last of the month where there is none.  What is deemed renewed goes on for as
  long as it held; licences are dated to the corresponding day or to the day
  before it.

A deadline is provisional when finding it meant asking whether a day is worked
whose year has no published calendar.  The statutory deadline that is printed
includes the extension.  Inside, a day is its number in Calendar.dates.
"""

import argparse
import csv
import itertools
import json
import random
import sys
from datetime import date, timedelta

FIRST_YEAR, LAST_LISTED_YEAR, LAST_YEAR = 2015, 2031, 2035
USUAL_TERMS = (0, 1, 2, 3, 5, 7, 10, 15, 20, 30, 45, 60, 90, 120)

# Accepted, days, unit, stops, extension; deadline and whether provisional.
# First the published vectors of the rule, then cases found by hand.
BY_HAND = """
2026-02-10 5 working - - 2026-02-24 n
2026-02-13 1 working - - 2026-02-14 n
2025-09-28 5 working - - 2025-10-11 n
2026-09-24 20 working - - 2026-10-29 n
2019-03-05 20 working 2019-03-08/2019-03-20 - 2019-04-15 n
2019-03-05 20 working 2019-03-08/2019-03-20 10 2019-04-28 n
2019-03-05 7 natural 2019-03-08/2019-03-20 - 2019-03-25 n
2026-02-10 5 working 2026-02-11/2026-02-11 - 2026-02-24 n
2026-03-02 5 working 2026-03-03/2026-03-05,2026-03-05/2026-03-09 - 2026-03-13 n
2026-03-02 3 working 2026-03-02/2026-03-04 - 2026-03-09 n
2026-03-02 5 working 2026-03-09/2026-03-20 - 2026-03-09 n
2026-03-02 5 working 2026-03-09/2026-03-20 2 2026-03-24 n
2026-03-02 5 natural - 1 2026-03-10 n
2026-03-02 5 natural 2026-03-08/2026-03-10 - 2026-03-11 n
2026-03-02 5 natural 2026-03-09/2026-03-10 - 2026-03-09 n
2026-02-05 10 natural - - 2026-02-24 n
2026-10-01 0 natural - - 2026-10-08 n
2026-10-01 0 natural 2026-10-01/2026-10-09 - 2026-10-10 n
2026-10-01 0 working 2026-10-01/2026-10-09 - 2026-10-01 n
2026-12-07 20 working - - 2027-01-04 y
2026-12-30 1 working 2026-12-30/2027-01-04 - 2027-01-05 y
2026-12-07 24 natural - - 2026-12-31 n
2026-12-07 25 natural - - 2027-01-01 y
2026-12-20 7 natural 2026-12-27/2027-01-01 - 2027-01-04 y
2026-12-01 20 working - 2 2026-12-31 n
2026-12-01 20 working - 3 2027-01-01 y
2027-03-01 0 working - - 2027-03-01 n
2027-03-01 0 natural - - 2027-03-01 y
"""

# Licence from and to, asked, complete, decided; last day to ask (30 days),
# second deadline, first day deemed renewed, end of the next period.
RENEWALS_BY_HAND = """
2022-11-01 2026-10-31 2026-10-01 2026-10-08 - 2026-10-01 2026-10-31 2026-11-01 2030-10-31
2022-11-01 2026-10-31 2026-10-02 2026-10-08 - 2026-10-01 - - 2030-10-31
2022-11-01 2026-10-31 2026-09-14 2026-11-02 - 2026-10-01 - - 2030-10-31
2022-11-01 2026-10-31 2026-09-14 2026-10-31 2026-10-31 2026-10-01 2026-10-31 - 2030-10-31
2022-11-01 2026-10-31 2026-09-14 2026-09-14 2026-11-01 2026-10-01 2026-10-31 2026-11-01 2030-10-31
2026-09-14 2026-10-14 2026-09-14 2026-09-14 - 2026-09-14 2026-10-14 2026-10-15 2026-11-14
2026-01-01 2026-03-30 2026-02-28 2026-02-28 - 2026-02-28 2026-03-30 2026-03-31 2026-06-27
2023-03-01 2024-02-29 2024-01-01 2024-01-02 - 2024-01-30 2024-02-29 2024-03-01 2025-02-28
"""


def months_after(day, months):
    """The corresponding day so many months later, or the month's last."""
    months += day.year * 12 + day.month - 1
    year, month = divmod(months, 12)
    first = date(year, month + 1, 1)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return first + timedelta(min(day.day, (following - first).days) - 1)


def next_end(first, last):
    """The end of a period that follows one and is as long."""
    after = last + timedelta(1)
    about = (last.year - first.year) * 12 + last.month - first.month
    for months in range(max(about - 1, 1), about + 3):
        if months_after(first, months) == after:
            return months_after(after, months) - timedelta(1)
    for months in range(max(about - 1, 1), about + 3):
        if months_after(first, months) == last:
            return months_after(last, months)
    return last + (after - first)


class Calendar:
    """Every day from 2015 to 2035: is it worked, is its year published."""

    def __init__(self, path):
        listed = {}  # date -> (kind, festival)
        with open(path, encoding="utf-8", newline="") as file:
            rows = csv.reader(file, strict=True)
            if next(rows, None) != ["date", "kind", "festival"]:
                raise ValueError("the header is not date,kind,festival")
            for row in rows:
                try:
                    text, kind, festival = row
                    day = date.fromisoformat(text)
                except ValueError as error:
                    raise ValueError(f"line {rows.line_num}: {error}")
                if (kind not in ("holiday", "workday") or not festival
                        or day in listed or day.isoformat() != text
                        or not FIRST_YEAR <= day.year <= LAST_LISTED_YEAR):
                    raise ValueError(f"line {rows.line_num}: {row} is wrong, "
                                     "repeated or out of range")
                listed[day] = (kind, festival)
        # A year's notice always gives its National Day, while a New Year
        # holiday can list days of the year before.
        published = {day.year for day, exception in listed.items()
                     if exception == ("holiday", "国庆节")}
        if not published:
            raise ValueError("no year lists a holiday of 国庆节")
        self.first_year, self.last_year = min(published), max(published)
        start = date(FIRST_YEAR, 1, 1)
        length = (date(LAST_YEAR + 1, 1, 1) - start).days
        self.dates = [start + timedelta(n) for n in range(length)]
        self.texts = [day.isoformat() for day in self.dates]
        self.worked = [
            listed[day][0] == "workday" if day in listed
            else day.weekday() < 5 for day in self.dates]
        self.published = [day.year in published for day in self.dates]
        self.days_of = {"春节": [], "国庆节": []}  # festival -> its days
        for day, (_, festival) in listed.items():
            self.days_of.setdefault(festival, []).append((day - start).days)
        if not self.days_of["春节"]:
            raise ValueError("no day is listed for 春节")

    def number(self, text):
        return (date.fromisoformat(text) - self.dates[0]).days

    def counted_after(self, day, stops):
        """The days after `day` that no stop takes, in order."""
        following = day + 1
        for begin, end in stops:
            yield from range(following, begin + 1)
            following = max(following, end + 1)
        yield from range(following, len(self.dates))

    def add_working(self, day, days, stops):
        """The days-th counted working day after `day`; is it provisional."""
        provisional = False
        counted = self.counted_after(day, stops)
        while days > 0:
            day = next(counted)
            provisional |= not self.published[day]
            days -= self.worked[day]
        return day, provisional

    def add_natural(self, day, days, stops):
        """The days-th counted day after `day`, rolled on to a worked one."""
        if days > 0:
            counted = self.counted_after(day, stops)
            day = next(itertools.islice(counted, days - 1, None))
        provisional = not self.published[day]
        if not self.worked[day]:
            day, rolled_provisional = self.add_working(day, 1, stops)
            provisional |= rolled_provisional
        return day, provisional

    def ask_by(self, ends, lead):
        """The latest day after which the lead still lies, the end included."""
        if lead["unit"] == "natural":
            return ends - lead["days"]
        worked = (day for day in range(ends, -1, -1) if self.worked[day])
        days = list(itertools.islice(worked, lead["days"]))
        return days[-1] - 1 if days else ends

    def renewal(self, asked, complete, ends, lead, decided):
        """Last day to ask; second deadline; first day deemed renewed."""
        ask_by = self.ask_by(ends, lead)
        due = ends if asked <= ask_by and complete <= ends else None
        silent = due is not None and (decided is None or decided > ends)
        return ask_by, due, ends + 1 if silent else None

    def deadline(self, accepted, term, stops, extension=None):
        """The deadline of a term with its extension; is it provisional."""
        add = {"working": self.add_working, "natural": self.add_natural}
        day, provisional = add[term["unit"]](accepted, term["days"], stops)
        day, more = self.add_working(day, extension or 0, stops)
        return day, provisional or more


def random_accepted(calendar, rng):
    """A day from the first published year to half a year after the last."""
    first = calendar.number(f"{calendar.first_year}-01-01")
    last = calendar.number(f"{calendar.last_year + 1}-06-30")
    day = rng.randint(first, last)
    place = rng.choice(("anywhere", "春节", "国庆节", "any festival",
                        "not worked", "year end", "calendar end"))
    if place in ("春节", "国庆节"):
        day = rng.choice(calendar.days_of[place]) + rng.randint(-30, 5)
    elif place == "any festival":
        day = rng.choice(rng.choice(list(calendar.days_of.values())))
    elif place == "not worked":
        while calendar.worked[day]:
            day += 1
    elif place == "year end":
        year = rng.randint(calendar.first_year, calendar.last_year)
        day = calendar.number(f"{year}-12-31") + rng.randint(-30, 5)
    elif place == "calendar end":
        day = calendar.number(f"{calendar.last_year}-12-31")
        day += rng.randint(-150, 30)
    return min(max(day, first), last)


def random_term(rng):
    days = rng.choice((rng.choice(USUAL_TERMS), rng.randint(0, 12),
                       rng.randint(0, 120)))
    return {"days": days, "unit": rng.choice(("working", "natural"))}


def random_stops(calendar, rng, accepted, terms):
    """Up to six stops, some beginning about a deadline reached so far."""
    stops, free = [], accepted
    for _ in range(rng.choice((0, 0, 1, 1, 2, 2, 3, 4, 5, 6))):
        begin = free + rng.choice((0, rng.randint(1, 4), rng.randint(0, 40)))
        if terms and rng.random() < 0.3:
            about, _ = calendar.deadline(accepted, rng.choice(terms), stops)
            begin = max(free, about + rng.randint(-3, 3))
        free = begin + rng.choice((0, rng.randint(1, 5), rng.randint(0, 30),
                                   rng.randint(0, 90)))
        stops.append((begin, free))
    return stops


def random_renewal(calendar, rng, accepted):
    """A licence that ends somewhere about the case that renews it."""
    lead = {"days": 30, "unit": "natural"}
    if rng.random() < 0.3:
        lead = {"days": rng.choice((0, 1, 10, 30, 60, rng.randint(0, 120))),
                "unit": rng.choice(("working", "natural"))}
    ends = accepted + rng.choice((rng.randint(-10, 10), rng.randint(0, 60),
                                  rng.randint(0, 400)))
    ends = min(ends, len(calendar.dates) - 40)
    complete = accepted - rng.choice((0, 0, rng.randint(0, 10)))
    asked = complete - rng.choice((0, rng.randint(0, 10), rng.randint(0, 60)))
    if rng.random() < 0.3:
        asked = calendar.ask_by(ends, lead) + rng.randint(-1, 1)
        complete = max(complete, asked)
    decided = None
    if rng.random() < 0.5:
        decided = max(accepted, rng.choice((ends, accepted))
                      + rng.randint(-3, 30))
    last = calendar.dates[ends]
    first = last - timedelta(rng.randint(0, 2000))
    if rng.random() < 0.7:
        first = months_after(last, -rng.choice((1, 6, 12, 24, 36, 48, 60)))
        first += timedelta(rng.choice((0, 1, 1, 1)))
    ask_by, due, deemed = calendar.renewal(asked, complete, ends, lead,
                                           decided)

    def text(day):
        return None if day is None else calendar.dates[day].isoformat()

    return {"from": first.isoformat(), "ends": text(ends),
            "asked": text(asked), "complete": text(complete), "lead": lead,
            "decided": text(decided),
            "expected": {"ask_by": text(ask_by), "due": text(due),
                         "deemed": text(deemed),
                         "next_end": next_end(first, last).isoformat()}}


def random_case(calendar, rng):
    accepted = random_accepted(calendar, rng)
    statutory = random_term(rng) if rng.random() < 0.92 else None
    promised = random_term(rng) if rng.random() < 0.88 else None
    terms = [term for term in (statutory, promised) if term]
    stops = random_stops(calendar, rng, accepted, terms)
    extension = None
    if statutory and rng.random() < 0.4:
        extension = rng.choice((10, 15, rng.randint(1, 15)))

    renewal = None
    if rng.random() < 0.5:
        renewal = random_renewal(calendar, rng, accepted)

    def expected(term, extension):
        if term is None:
            return None
        day, provisional = calendar.deadline(accepted, term, stops, extension)
        return {"date": calendar.texts[day], "provisional": provisional}

    return {"accepted": calendar.texts[accepted],
            "statutory": statutory, "promised": promised,
            "stops": [[calendar.texts[day] for day in stop] for stop in stops],
            "extension": extension,
            "renewal": renewal,
            "expected": {"statutory": expected(statutory, extension),
                         "promised": expected(promised, None)}}


def self_test(calendar):
    """The cases of BY_HAND that come out otherwise."""
    for line in BY_HAND.strip().split("\n"):
        accepted, days, unit, stops, extension, wanted, provisional = (
            line.split())
        day, found_provisional = calendar.deadline(
            calendar.number(accepted), {"days": int(days), "unit": unit},
            [[calendar.number(text) for text in stop.split("/")]
             for stop in stops.split(",") if stop != "-"],
            None if extension == "-" else int(extension))
        found = (calendar.texts[day], "y" if found_provisional else "n")
        if found != (wanted, provisional):
            yield f"{line}: found {' '.join(found)}"
    for line in RENEWALS_BY_HAND.strip().split("\n"):
        first, last, asked, complete, decided, *wanted = line.split()
        found = calendar.renewal(
            calendar.number(asked), calendar.number(complete),
            calendar.number(last), {"days": 30, "unit": "natural"},
            None if decided == "-" else calendar.number(decided))
        found = ["-" if day is None else calendar.texts[day] for day in found]
        found.append(next_end(date.fromisoformat(first),
                              date.fromisoformat(last)).isoformat())
        if found != wanted:
            yield f"{line}: found {' '.join(found)}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("calendar", help="CSV file: date,kind,festival")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--self-test", action="store_true")
    arguments = parser.parse_args()
    try:
        calendar = Calendar(arguments.calendar)
    except (OSError, ValueError, csv.Error) as error:
        sys.exit(f"{arguments.calendar}: {error}")
    if arguments.self_test:
        sys.exit("\n".join(self_test(calendar)) or None)
    rng = random.Random(arguments.seed)
    for _ in range(arguments.cases):
        print(json.dumps(random_case(calendar, rng), separators=(",", ":")))


if __name__ == "__main__":
    main()
