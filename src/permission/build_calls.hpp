#pragma once

#include <cstddef>
#include <string>

#include "permission/words.hpp"

namespace oap::permission {

/// True where an awk call may do more than read and print: its program is in a file or an option,
/// or the text of it runs, writes or reads something. Private to this folder, as all below.
bool awk_may_run(const Words& words);

/// True where make is given text that it evaluates: an assignment with an expansion, --eval, or a
/// makefile from its input. Looks at the words from `from` on.
bool make_may_run(const Words& words, std::size_t from = 1);

/// Why a call runs more than its words say, beside inline_code(): an option that names a program,
/// a verb that runs one, a shell whose language is not read. "" where there is nothing.
std::string program_hazard(const shell::SimpleCommand& command);

/// True where the program takes its work from the directory it runs in (make, git, npm, python …).
bool works_from_directory(std::string_view program);

/// Its first word says what it is to do: git, npm, docker …
bool takes_verb(std::string_view program);

/// The places where a build looks for its work beside the directory it runs in: `make -C x`.
std::vector<std::string> work_places(const shell::SimpleCommand& command);

}  // namespace oap::permission
