#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace oap::orchestration {

/// A file's text, by its path relative to the folder that the command ran in, or absolute; nothing
/// where there is none or it is too long to be looked at.
using ReadText = std::function<std::optional<std::string>(const std::string& path)>;

/// Why a command that ended with exit code 0 shows nothing all the same, by what it printed and by
/// what it ran: no test was found, or every one was skipped; the script, make target or npm script
/// behind it does nothing; it worked outside of `folder`. A half sentence for the agent; "" where
/// nothing of that is so. Pure but for `read`.
std::string why_hollow(std::string_view command, std::string_view output, std::string_view folder,
                       const ReadText& read);

}  // namespace oap::orchestration
