#include "orchestration/mission/plan_files.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/ids.hpp"
#include "os/file.hpp"
#include "text/strings.hpp"

namespace oap::orchestration {
namespace {

constexpr std::size_t kListed = 200;

std::string text_of(const json::Object& arguments, std::string_view key) {
  return std::string(json::get_string(arguments, key));
}

Error for_model(Code code, std::string text) {
  return Error(code, std::move(text), Audience::kModel);
}

std::string line_of(const TodoItem& item) {
  std::string line =
      fmt::format("{}{}: {} [{}]", std::string(item.depth * 2, ' '),
                  item.id.empty() ? "(no id)" : item.id, item.text, to_string(item.effective));
  for (const auto& [key, value] : item.metadata) {
    if (key != "status") {
      line += fmt::format(" | {}: {}", key, value);
    }
  }
  return line;
}

std::string shown(const TodoDocument& document) {
  const TodoCounts counts = document.counts();
  std::string text = fmt::format("{}/{} closed, {} open, {} blocked, {} failed\n", counts.closed(),
                                 counts.total, counts.open, counts.blocked, counts.failed);
  for (const FileProblem& problem : document.problems()) {
    text += fmt::format("wrong on line {}: {}\n", problem.line, problem.text);
  }
  std::size_t listed = 0;
  for (const TodoItem& item : document.items()) {
    if (listed++ == kListed) {
      text += fmt::format("[{} more; read the file for all]\n", document.items().size() - kListed);
      break;
    }
    text += line_of(item) + "\n";
  }
  const auto ready = document.ready();
  if (!ready.empty()) {
    text += "can be begun:";
    for (std::size_t i = 0; i < ready.size() && i < 10; ++i) {
      text += " " + (ready[i]->id.empty() ? "'" + ready[i]->text + "'" : ready[i]->id);
    }
    text += "\n";
  }
  return text;
}

/// The first leaf that is done in `after` and was not in `before`.
std::string new_tick(const TodoDocument& before, const TodoDocument& after) {
  for (const TodoItem& item : after.items()) {
    if (!item.is_leaf() || item.state != ItemState::kDone) {
      continue;
    }
    const bool was_done = std::any_of(
        before.items().begin(), before.items().end(),
        [&](const TodoItem& old) { return old.key == item.key && old.state == ItemState::kDone; });
    if (!was_done) {
      return item.id.empty() ? item.text : item.id;
    }
  }
  return {};
}

constexpr std::string_view kNotDropped =
    "open work is not dropped from the plan: set its state to cancelled, with a note; then it is "
    "told";

/// The first open leaf of `before` that `after` does not hold.
std::string dropped(const TodoDocument& before, const TodoDocument& after) {
  for (const TodoItem& item : before.items()) {
    if (!item.is_leaf() || is_closed(item.effective)) {
      continue;
    }
    const bool stays = std::any_of(after.items().begin(), after.items().end(),
                                   [&](const TodoItem& now) { return now.key == item.key; });
    if (!stays) {
      return item.id.empty() ? item.text : item.id;
    }
  }
  return {};
}

std::string name_of(const TodoItem& item) { return item.id.empty() ? item.text : item.id; }

/// The first item but `except` whose evidence is another than it was; "" where there is none.
std::string forged(const TodoDocument& before, const TodoDocument& after,
                   std::string_view except = {}) {
  std::map<std::string, std::string_view> was;
  for (const TodoItem& item : before.items()) {
    was[item.key] = item.meta("evidence");
  }
  for (const TodoItem& item : after.items()) {
    const std::string_view now = item.meta("evidence");
    if (!now.empty() && now != was[item.key] && (except.empty() || name_of(item) != except)) {
      return name_of(item);
    }
  }
  return {};
}

constexpr std::string_view kNotForged =
    "evidence is put there by a tick alone, and it is the runtime's own record";

constexpr std::string_view kOnlyReviewer =
    "only the reviewer closes items, and with evidence; delegate the check to the reviewer";

Result<void> tick(TodoDocument& document, const std::string& role, const std::string& id,
                  const std::string& named, const std::vector<Evidence>& evidence) {
  if (role != "reviewer" && role != "user") {
    return fail(for_model(Code::kPermissionDenied, std::string(kOnlyReviewer)));
  }
  OAP_TRY(const TodoItem* const item, document.find(id));
  const std::string check(bare_command(item->meta("check")));
  const auto fits = [&](const Evidence& one) {
    return (named.empty() || one.id == named) && (check.empty() || one.command == check);
  };
  const auto found = std::find_if(evidence.rbegin(), evidence.rend(), fits);
  if (found == evidence.rend()) {
    const std::string what =
        !check.empty() ? fmt::format(
                             "the check `{}` of {} has not passed on the files as they "
                             "are now: run it as it stands, then tick",
                             check, id)
        : named.empty() ? fmt::format(
                              "nothing recorded shows that {} is done: run its check (or "
                              "the tests) on the files as they are now, then tick",
                              id)
                        : fmt::format(
                              "the runtime has no record of a call {} that succeeded on "
                              "the files as they are now",
                              named);
    return fail(for_model(Code::kFailedPrecondition, what));
  }
  const std::string call = found->id;
  OAP_CHECK_OK(document.set_state(id, ItemState::kDone));
  return document.set_metadata(id, "evidence", call);
}

Result<void> add_one(TodoDocument& document, const json::Object& item, std::string parent,
                     std::vector<std::string>& made) {
  TodoDocument::NewItem fresh;
  fresh.parent = item.contains("parent") ? text_of(item, "parent") : std::move(parent);
  fresh.id = text_of(item, "id");
  fresh.text = text_of(item, "text");
  for (const char* key : {"agent", "depends", "size", "file", "check"}) {
    fresh.metadata.emplace_back(key, text_of(item, key));
  }
  OAP_TRY(std::string id, document.add(fresh));
  made.push_back(std::move(id));
  return {};
}

Result<void> update(TodoDocument& document, const std::string& role, const std::string& id,
                    const json::Object& arguments, const std::vector<Evidence>& evidence) {
  if (const std::string text = text_of(arguments, "text"); !text.empty()) {
    OAP_CHECK_OK(document.set_text(id, text));
  }
  for (const char* key : {"agent", "depends", "size", "file", "check", "note"}) {
    if (arguments.contains(key)) {
      OAP_CHECK_OK(document.set_metadata(id, key, text_of(arguments, key)));
    }
  }
  if (const auto state = item_state_from(text_of(arguments, "state"))) {
    if (*state == ItemState::kDone) {
      return tick(document, role, id, text_of(arguments, "evidence"), evidence);
    }
    return document.set_state(id, *state);
  }
  return {};
}

}  // namespace

PlanFiles::PlanFiles(std::string workspace, std::string folder, std::string lock)
    : workspace_(std::move(workspace)), folder_(std::move(folder)) {
  for (const char* name : {kTodoFile, kChecklistFile, kIssuesFile}) {
    files_.emplace(name, PlanFile(workspace_ + "/" + folder_ + "/" + name, lock));
  }
}

void PlanFiles::read_into(CompletionInput& input) const {
  const auto read = [&](const char* name, std::optional<std::string>& place) {
    auto text = files_.at(name).read();
    if (text) {
      place = *std::move(text);
    } else {
      input.unreadable.push_back(text.error().to_string());
    }
  };
  input.todo_path = todo_path();
  read(kTodoFile, input.todo);
  read(kChecklistFile, input.checklist);
  read(kIssuesFile, input.sync_issues);
}

std::vector<std::string> PlanFiles::ready() const {
  std::vector<std::string> names;
  const auto text = files_.at(kTodoFile).read();
  if (text && *text) {
    const TodoDocument document = TodoDocument::parse(**text);
    for (const TodoItem* item : document.ready()) {
      names.push_back(item->id.empty() ? "'" + item->text + "'"
                                       : fmt::format("{} '{}'", item->id, item->text));
    }
  }
  return names;
}

Result<std::string> PlanFiles::put_away_closed() {
  OAP_TRY(const std::optional<std::string> text, files_.at(kTodoFile).read());
  if (!text) {
    return std::string();
  }
  const TodoDocument document = TodoDocument::parse(*text);
  const TodoCounts counts = document.counts();
  if (counts.total == 0 || counts.closed() != counts.total || !document.problems().empty()) {
    return std::string();
  }
  const std::string base = workspace_ + "/" + folder_;
  const std::string name = "archive/" + new_id("plan_");
  OAP_CHECK_OK(os::make_dirs(base + "/" + name));
  for (const char* file : {kTodoFile, kChecklistFile, kIssuesFile}) {
    const std::string from = base + "/" + file;
    if (os::exists(from) && ::rename(from.c_str(), (base + "/" + name + "/" + file).c_str()) != 0) {
      return fail(os::errno_error("moving", from, errno));
    }
  }
  return folder_ + "/" + name;
}

PlanFile& PlanFiles::file_of(const json::Object& arguments) {
  const std::string_view list = json::get_string(arguments, "list");
  return files_.at(list == "checklist" ? kChecklistFile
                   : list == "issues"  ? kIssuesFile
                                       : kTodoFile);
}

Result<ToolResult> PlanFiles::use(const std::string& role, const json::Object& arguments,
                                  const std::vector<Evidence>& evidence) {
  const std::string_view action = json::get_string(arguments, "action");
  if (action == "list" || action == "show") {
    return list(arguments);
  }
  if (json::get_string(arguments, "list") == "issues") {
    return issues(arguments);
  }
  return action == "write" ? write(role, arguments) : edit(role, arguments, evidence);
}

Result<ToolResult> PlanFiles::list(const json::Object& arguments) {
  PlanFile& file = file_of(arguments);
  OAP_TRY(const std::optional<std::string> text, file.read());
  if (!text) {
    return ToolResult::text(fmt::format("{} does not exist yet", file.path()));
  }
  seen_[file.path()] = *text;
  if (json::get_string(arguments, "list") == "issues") {
    return ToolResult::text(*text);
  }
  const TodoDocument document = TodoDocument::parse(*text);
  if (json::get_string(arguments, "action") == "show") {
    OAP_TRY(const TodoItem* item, document.find(json::get_string(arguments, "id")));
    return ToolResult::text(line_of(*item));
  }
  return ToolResult::text(shown(document));
}

Result<ToolResult> PlanFiles::edit(const std::string& role, const json::Object& arguments,
                                   const std::vector<Evidence>& evidence) {
  const std::string action = text_of(arguments, "action");
  const std::string id = text_of(arguments, "id");
  if (id.empty() && action != "add") {
    return fail(for_model(Code::kInvalidArgument, "which item? give its id"));
  }
  std::vector<std::string> made;
  PlanFile& file = file_of(arguments);
  const auto change = [&](const std::string& before) -> Result<std::string> {
    TodoDocument document = TodoDocument::parse(before);
    made.clear();
    if (action == "add") {
      const json::Array* const items = json::find_array(arguments, "items");
      if (items == nullptr) {
        OAP_CHECK_OK(add_one(document, arguments, "", made));
      } else {
        for (const json::Value& item : *items) {
          OAP_CHECK_OK(add_one(document, item.get_object(), text_of(arguments, "parent"), made));
        }
      }
    } else if (action == "update") {
      OAP_CHECK_OK(update(document, role, id, arguments, evidence));
    } else if (action == "tick") {
      OAP_CHECK_OK(tick(document, role, id, text_of(arguments, "evidence"), evidence));
    } else if (action == "untick") {
      OAP_CHECK_OK(document.set_state(id, ItemState::kOpen));
      OAP_CHECK_OK(document.set_metadata(id, "evidence", ""));
    } else if (action == "remove") {
      OAP_TRY(const TodoItem* item, document.find(id));
      if ((!item->is_leaf() || !is_closed(item->effective)) && role != "user") {
        return fail(for_model(Code::kPermissionDenied, std::string(kNotDropped)));
      }
      OAP_CHECK_OK(document.remove(id));
    } else {
      return fail(for_model(Code::kInvalidArgument,
                            fmt::format("'{}' is no action for this list", action)));
    }
    const bool ticks =
        action == "tick" || item_state_from(text_of(arguments, "state")) == ItemState::kDone;
    const std::string forgery = forged(TodoDocument::parse(before), document, ticks ? id : "");
    if (!forgery.empty() && role != "user") {
      return fail(for_model(Code::kPermissionDenied,
                            fmt::format("{} would get evidence by this; {}", forgery, kNotForged)));
    }
    return document.text();
  };
  OAP_TRY(const std::string after, file.change(change));
  seen_[file.path()] = after;
  std::string text =
      made.empty() ? action + " " + id + ": done\n" : "added " + text::join(made, ", ") + "\n";
  const TodoDocument document = TodoDocument::parse(after);
  const TodoCounts counts = document.counts();
  text += fmt::format("{}/{} closed", counts.closed(), counts.total);
  for (const FileProblem& problem : document.problems()) {
    text += fmt::format("\nwrong on line {}: {}", problem.line, problem.text);
  }
  return ToolResult::text(text);
}

Result<ToolResult> PlanFiles::write(const std::string& role, const json::Object& arguments) {
  const std::string content = text_of(arguments, "content");
  if (text::trim(content).empty()) {
    return fail(for_model(Code::kInvalidArgument, "write needs the whole file as content"));
  }
  PlanFile& file = file_of(arguments);
  std::vector<std::string> conflicts;
  const auto change = [&](const std::string& before) -> Result<std::string> {
    const auto seen = seen_.find(file.path());
    const std::string& base = seen == seen_.end() ? before : seen->second;
    TodoMerge merged = merge_todo(base, content, before);
    const std::string ticked =
        new_tick(TodoDocument::parse(before), TodoDocument::parse(merged.text));
    if (!ticked.empty() && role != "user") {
      return fail(for_model(Code::kPermissionDenied,
                            fmt::format("{} would be closed by this; {}", ticked, kOnlyReviewer)));
    }
    const std::string gone = dropped(TodoDocument::parse(before), TodoDocument::parse(merged.text));
    if (!gone.empty() && role != "user") {
      return fail(for_model(Code::kPermissionDenied,
                            fmt::format("{} would be gone; {}", gone, kNotDropped)));
    }
    const TodoDocument was = TodoDocument::parse(before);
    const TodoDocument now = TodoDocument::parse(merged.text);
    const std::string forgery = forged(was, now);
    if (!forgery.empty() && role != "user") {
      return fail(for_model(Code::kPermissionDenied,
                            fmt::format("{} would get evidence by this; {}", forgery, kNotForged)));
    }
    if (now.problems().size() > was.problems().size() && role != "user") {
      const FileProblem& first = now.problems().front();
      return fail(for_model(Code::kInvalidArgument,
                            fmt::format("not written: line {}: {}", first.line, first.text)));
    }
    conflicts = std::move(merged.conflicts);
    return std::move(merged.text);
  };
  OAP_TRY(const std::string after, file.change(change));
  seen_[file.path()] = after;
  std::string text = "written\n" + shown(TodoDocument::parse(after));
  for (const std::string& conflict : conflicts) {
    text += "conflict: " + conflict + "\n";
  }
  return ToolResult::text(text);
}

}  // namespace oap::orchestration
