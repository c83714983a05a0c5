#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "orchestration/mission/todo.hpp"

namespace oap::orchestration {

/// One thing to verify.
struct CheckItem {
  std::string id;
  std::string text;
  std::string category;  ///< from the heading above: code, unit, integration, build, runtime,
                         ///< infrastructure, custom
  std::string check;     ///< `check:` metadata: the command that shows it
  bool done = false;
  bool cancelled = false;
  std::size_t line = 0;
};

/// `.opencode/verification-checklist.md`. Pure; what is wrong is in `problems`.
struct Checklist {
  std::vector<CheckItem> items;
  std::vector<FileProblem> problems;
};
/// A file that is there without any item is a problem: it would check nothing.
Checklist parse_checklist(std::string_view text);

/// One open finding of `.opencode/sync-issues.md`.
struct SyncIssue {
  std::string id;     ///< "SYNC-2"; empty where it has none
  std::string title;  ///< its first line
  std::size_t line = 0;
};
struct SyncIssues {
  std::vector<SyncIssue> open;
  std::vector<FileProblem> problems;
};
/// A `## SYNC-n` heading with all below it is one issue, whatever it holds, until its status says
/// resolved or its mark is ticked; outside of those, a paragraph or a list entry is one each. "No
/// open issues", "All clear" and the like, headings, rules, fenced code and comments are none.
SyncIssues parse_sync_issues(std::string_view text);

}  // namespace oap::orchestration
