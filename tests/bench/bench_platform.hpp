#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "async/task.hpp"
#include "platform/platform.hpp"

namespace oap::bench {

/// What a bench does with an open platform; the result is its exit code.
using Work = std::function<Task<int>(platform::Platform& platform)>;

/// Opens the workspace with everything approved, does the work and closes it. 2, with a sentence on
/// standard error, where it cannot be opened. The state is $OPENCODE_DATA_PATH.
int in_platform(const std::string& workspace, const std::string& model, const Work& work);

/// Becomes `oap` where this program was started as the tools' server, which is that program's.
/// Nothing otherwise. The program is two folders above this one's.
void become_tool_server(int argc, char** argv);

/// What a process holds in memory, in KiB; `pid` may be "self".
std::size_t resident_kb(const std::string& pid);

}  // namespace oap::bench
