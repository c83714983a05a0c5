#include "orchestration/mission/todo.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "text/nearest.hpp"
#include "text/strings.hpp"

namespace oap::orchestration {
namespace {

bool is_open(ItemState state) {
  return state == ItemState::kOpen || state == ItemState::kInProgress;
}

}  // namespace

std::string_view to_string(ItemState state) {
  switch (state) {
    case ItemState::kOpen:
      return "open";
    case ItemState::kInProgress:
      return "in_progress";
    case ItemState::kDone:
      return "done";
    case ItemState::kBlocked:
      return "blocked";
    case ItemState::kFailed:
      return "failed";
    case ItemState::kCancelled:
      return "cancelled";
  }
  return "open";
}

std::optional<ItemState> item_state_from(std::string_view word) {
  static const std::map<std::string_view, ItemState> kWords = {
      {"open", ItemState::kOpen},
      {"pending", ItemState::kOpen},
      {"todo", ItemState::kOpen},
      {"queued", ItemState::kOpen},
      {"in_progress", ItemState::kInProgress},
      {"in-progress", ItemState::kInProgress},
      {"in progress", ItemState::kInProgress},
      {"running", ItemState::kInProgress},
      {"active", ItemState::kInProgress},
      {"done", ItemState::kDone},
      {"complete", ItemState::kDone},
      {"completed", ItemState::kDone},
      {"verified", ItemState::kDone},
      {"blocked", ItemState::kBlocked},
      {"failed", ItemState::kFailed},
      {"error", ItemState::kFailed},
      {"cancelled", ItemState::kCancelled},
      {"canceled", ItemState::kCancelled},
      {"skipped", ItemState::kCancelled}};
  const auto found = kWords.find(text::lower_ascii(text::trim(word)));
  return found == kWords.end() ? std::nullopt : std::optional(found->second);
}

bool is_closed(ItemState state) {
  return state == ItemState::kDone || state == ItemState::kCancelled;
}

std::string_view TodoItem::meta(std::string_view wanted) const {
  for (const auto& [name, value] : metadata) {
    if (name == wanted) {
      return value;
    }
  }
  return {};
}

std::vector<std::string> TodoItem::depends() const {
  std::vector<std::string> ids;
  for (const std::string_view piece : text::split(meta("depends"), ',')) {
    for (const std::string_view word : text::split_words(piece)) {
      if (!text::equals_ci(word, "none") && word != "-") {
        ids.emplace_back(word);
      }
    }
  }
  return ids;
}

void TodoDocument::reparse() { *this = parse(text()); }

std::string TodoDocument::text() const {
  std::string text;
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    text += lines_[i];
    if (i + 1 < lines_.size() || ends_with_newline_) {
      text += '\n';
    }
  }
  return text;
}

TodoCounts TodoDocument::counts() const {
  TodoCounts counts;
  for (const TodoItem& item : items_) {
    if (!item.is_leaf()) {
      continue;
    }
    ++counts.total;
    switch (item.effective) {
      case ItemState::kOpen:
      case ItemState::kInProgress:
        ++counts.open;
        break;
      case ItemState::kDone:
        ++counts.done;
        break;
      case ItemState::kBlocked:
        ++counts.blocked;
        break;
      case ItemState::kFailed:
        ++counts.failed;
        break;
      case ItemState::kCancelled:
        ++counts.cancelled;
        break;
    }
  }
  return counts;
}

std::vector<const TodoItem*> TodoDocument::ready() const {
  std::map<std::string_view, const TodoItem*> ids;
  for (const TodoItem& item : items_) {
    if (!item.id.empty()) {
      ids.emplace(item.id, &item);
    }
  }
  const auto waits = [&](const TodoItem& item) {
    for (const std::string& id : item.depends()) {
      const auto found = ids.find(id);
      if (found != ids.end() && !is_closed(found->second->effective)) {
        return true;
      }
    }
    return false;
  };
  std::vector<const TodoItem*> list;
  for (const TodoItem& item : items_) {
    bool waiting = !item.is_leaf() || !is_open(item.effective) || waits(item);
    for (auto above = item.parent; above && !waiting; above = items_[*above].parent) {
      waiting = waits(items_[*above]);
    }
    if (!waiting) {
      list.push_back(&item);
    }
  }
  return list;
}

Result<std::size_t> TodoDocument::index_of(std::string_view name) const {
  const std::string_view wanted = text::trim(name);
  std::optional<std::size_t> found;
  for (const bool by_id : {true, false}) {
    for (std::size_t i = 0; i < items_.size(); ++i) {
      if ((by_id ? items_[i].id : items_[i].text) != wanted || wanted.empty()) {
        continue;
      }
      if (found) {
        return fail(Error(Code::kInvalidArgument,
                          fmt::format("'{}' is on line {} and on line {}; give items ids of their "
                                      "own first",
                                      wanted, items_[*found].line, items_[i].line),
                          Audience::kModel));
      }
      found = i;
    }
    if (found) {
      return *found;
    }
  }
  std::vector<std::string> ids;
  for (const TodoItem& item : items_) {
    if (!item.id.empty()) {
      ids.push_back(item.id);
    }
  }
  return fail(Error(
      Code::kNotFound,
      fmt::format("there is no item '{}'{}", wanted, text::did_you_mean(std::string(wanted), ids)),
      Audience::kModel));
}

Result<const TodoItem*> TodoDocument::find(std::string_view name) const {
  OAP_TRY(const std::size_t index, index_of(name));
  return &items_[index];
}

}  // namespace oap::orchestration
