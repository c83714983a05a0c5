#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "shell/word.hpp"

namespace oap::shell {

struct Findings;

/// What variables can hold: every value that the script gives them. A name that it also sets in
/// ways which are not known before it runs is none of these. Private to this folder.
using KnownValues = std::map<std::string, std::vector<Word>, std::less<>>;

/// A value that a loop or an assignment gives to a name.
void note_value(std::string_view name, const Word& value, Findings& findings);
/// "NAME=value" as a word; `alone` where no program stands behind it.
void note_assigned(const Word& word, bool alone, Findings& findings);

/// The variables of a script that was read as a whole; `HOME` and `PWD` where `source` uses and
/// never sets them.
KnownValues known_values(const Findings& findings, std::string_view source);
/// True where reading the script with these values put in shows no others: whatever it runs with
/// them, it gives these variables nothing else.
bool still_hold(const KnownValues& known, const Findings& findings, std::string_view source);

/// The words that a word stands for when known values are put in; none where some part of it is not
/// known, or where it has no expansion. A value outside quotes must be one that stays one word, or
/// a glob: then the words still `splits`.
std::vector<Word> put_values(const Word& word, const KnownValues& known);

/// `$name` or `${name}` alone outside quotes: without a value it is no word at all.
bool may_vanish(const Word& word);

}  // namespace oap::shell
