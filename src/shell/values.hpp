#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "shell/word.hpp"

namespace oap::shell {

struct Findings;

/// Values that a script writes out for its variables, whenever it gives them. A variable may hold
/// others, too: what commands are with these forbids, it never allows. Private to this folder.
using KnownValues = std::map<std::string, std::vector<Word>, std::less<>>;

/// A value that a loop or an assignment gives to a name.
void note_value(std::string_view name, const Word& value, Findings& findings);
/// "NAME=value" as a word.
void note_assigned(const Word& word, Findings& findings);

/// The values of a script that was read as a whole; `~` and `.` for `HOME` and `PWD` where `source`
/// holds these names.
KnownValues known_values(const Findings& findings, std::string_view source);

/// The words that a word stands for when known values are put in; none where some part of it is not
/// known, or where it has no expansion. A value outside quotes must be one that stays one word, or
/// a glob.
std::vector<Word> put_values(const Word& word, const KnownValues& known);

/// `$name` or `${name}` alone outside quotes: without a value it is no word at all.
bool may_vanish(const Word& word);

}  // namespace oap::shell
