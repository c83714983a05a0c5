#include <map>

#include <fmt/format.h>

#include "orchestration/mission/todo.hpp"

namespace oap::orchestration {
namespace {

using Index = std::map<std::string, const TodoItem*, std::less<>>;

Index index_of(const TodoDocument& document) {
  Index index;
  for (const TodoItem& item : document.items()) {
    index.emplace(item.key, &item);
  }
  return index;
}

bool same(const TodoItem& a, const TodoItem& b) {
  return a.state == b.state && a.text == b.text && a.metadata == b.metadata;
}

std::string name_of(const TodoItem& item) { return item.id.empty() ? item.text : item.id; }

const TodoItem* find(const Index& index, const std::string& key) {
  const auto found = index.find(key);
  return found == index.end() ? nullptr : found->second;
}

std::string parent_of(const TodoDocument& document, const TodoItem& item) {
  return item.parent ? name_of(document.items()[*item.parent]) : std::string();
}

/// Puts our changes of one item onto the merged text, field by field.
class Applier {
 public:
  Applier(TodoDocument& merged, TodoMerge& out) : merged_(merged), out_(out) {}

  void change(const TodoItem& base, const TodoItem& ours, const TodoItem& theirs) {
    const std::string name = name_of(theirs);
    if (ours.text != base.text && field(theirs.text != base.text, ours.text == theirs.text, ours)) {
      keep(merged_.set_text(name, ours.text), ours);
    }
    for (const auto& [key, value] : ours.metadata) {
      if (value != base.meta(key) && key != "status" && key != "id" &&
          field(theirs.meta(key) != base.meta(key), value == theirs.meta(key), ours)) {
        keep(merged_.set_metadata(name, key, value), ours);
      }
    }
    for (const auto& [key, value] : base.metadata) {
      if (ours.meta(key).empty() && theirs.meta(key) == value && key != "status" && key != "id") {
        keep(merged_.set_metadata(name, key, ""), ours);
      }
    }
    if (ours.state != base.state &&
        field(theirs.state != base.state, ours.state == theirs.state, ours)) {
      keep(merged_.set_state(name, ours.state), ours);
    }
  }

  void add(const TodoDocument& from, const TodoItem& item) {
    TodoDocument::NewItem fresh;
    fresh.parent = parent_of(from, item);
    fresh.id = item.id;
    fresh.text = item.text;
    for (const auto& [key, value] : item.metadata) {
      if (key != "status" && key != "id") {
        fresh.metadata.emplace_back(key, value);
      }
    }
    if (!fresh.parent.empty() && !merged_.find(fresh.parent)) {
      fresh.parent.clear();
    }
    const auto id = merged_.add(fresh);
    if (!id) {
      out_.conflicts.push_back(
          fmt::format("{} was not added: {}", name_of(item), id.error().message()));
    } else if (item.state != ItemState::kOpen) {
      keep(merged_.set_state(*id, item.state), item);
    }
  }

  void remove(const TodoItem& item) { keep(merged_.remove(name_of(item)), item); }

 private:
  /// Whether our value is to be written; told where the other side changed it too.
  bool field(bool theirs_changed, bool equal, const TodoItem& item) {
    if (theirs_changed && !equal) {
      out_.conflicts.push_back(fmt::format(
          "{} was changed in the file meanwhile; the file's version stays", name_of(item)));
    }
    return !theirs_changed;
  }
  void keep(const Result<void>& done, const TodoItem& item) {
    if (!done) {
      out_.conflicts.push_back(fmt::format("{}: {}", name_of(item), done.error().message()));
    }
  }

  TodoDocument& merged_;
  TodoMerge& out_;
};

}  // namespace

TodoMerge merge_todo(std::string_view base, std::string_view ours, std::string_view theirs) {
  TodoMerge out;
  if (ours == base || ours == theirs) {
    out.text = theirs;
    return out;
  }
  if (theirs == base) {
    out.text = ours;
    return out;
  }
  const TodoDocument before = TodoDocument::parse(base);
  const TodoDocument mine = TodoDocument::parse(ours);
  const TodoDocument other = TodoDocument::parse(theirs);
  const Index in_base = index_of(before);
  const Index in_theirs = index_of(other);
  const Index in_ours = index_of(mine);
  TodoDocument merged = other;
  Applier apply(merged, out);
  for (const TodoItem& item : mine.items()) {
    const TodoItem* const was = find(in_base, item.key);
    const TodoItem* const is = find(in_theirs, item.key);
    if (was == nullptr && is == nullptr) {
      apply.add(mine, item);
    } else if (was == nullptr && !same(item, *is)) {
      out.conflicts.push_back(
          fmt::format("{} was added on both sides; the file's version stays", name_of(item)));
    } else if (was != nullptr && is == nullptr && !same(item, *was)) {
      out.conflicts.push_back(fmt::format("{} was removed from the file meanwhile", name_of(item)));
    } else if (was != nullptr && is != nullptr && !same(item, *was)) {
      apply.change(*was, item, *is);
    }
  }
  for (const TodoItem& item : before.items()) {
    const TodoItem* const is = find(in_theirs, item.key);
    if (in_ours.contains(item.key) || is == nullptr) {
      continue;
    }
    if (same(item, *is)) {
      if (merged.find(name_of(item))) {
        apply.remove(item);
      }
    } else {
      out.conflicts.push_back(
          fmt::format("{} was changed in the file meanwhile; it is not removed", name_of(item)));
    }
  }
  out.text = merged.text();
  return out;
}

}  // namespace oap::orchestration
