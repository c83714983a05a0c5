#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace oap::orchestration {

/// What the mark of an item says: `[ ]` open, `[/]` in progress, `[x]` done, `[!]` blocked, `[-]`
/// failed, `[~]` cancelled. `status:` metadata says the same in words where the mark is `[ ]` or
/// absent.
enum class ItemState : std::uint8_t { kOpen, kInProgress, kDone, kBlocked, kFailed, kCancelled };
std::string_view to_string(ItemState state);
/// The state that a word (`pending`, `in_progress`, `complete`, …) means; nothing for other words.
std::optional<ItemState> item_state_from(std::string_view word);
/// Done or cancelled: nothing is left to do there.
bool is_closed(ItemState state);

/// One item: a heading or a list entry. `line` counts from 1.
struct TodoItem {
  std::string id;   ///< "M1", "S1.2.1", "login-form"; empty where it has none
  std::string key;  ///< the id, or else its text under its parent's key: unique in a sound file
  std::string text;
  ItemState state = ItemState::kOpen;  ///< its own
  /// What counts: an open item below a cancelled, failed or blocked one is that too; an item with
  /// others below it is as far as those are.
  ItemState effective = ItemState::kOpen;
  std::vector<std::pair<std::string, std::string>> metadata;  ///< in order; keys in lower case
  std::size_t line = 0;
  std::size_t depth = 0;
  bool is_heading = false;
  bool has_box = false;
  std::optional<std::size_t> parent;  ///< index into items()
  std::vector<std::size_t> children;

  bool is_leaf() const { return children.empty(); }
  /// The value of a metadata key; "" where it has none.
  std::string_view meta(std::string_view wanted) const;
  /// The ids after `depends:`.
  std::vector<std::string> depends() const;
};

/// Something wrong with a file, for a person: "line 12: unknown mark '[?]'; …" without the "line".
struct FileProblem {
  std::size_t line = 0;
  std::string text;
};

/// How far a plan is, leaves only.
struct TodoCounts {
  std::size_t total = 0;
  std::size_t open = 0;  ///< also in progress
  std::size_t done = 0;
  std::size_t blocked = 0;
  std::size_t failed = 0;
  std::size_t cancelled = 0;
  std::size_t closed() const { return done + cancelled; }
};

/// `.opencode/todo.md` as data: the Planner's hierarchy with its states. The text is kept as it
/// was; edits change the bytes of their own item and nothing else, so a file that nobody changed is
/// written back byte for byte. Pure; a value.
///
/// An item is a heading with an id or metadata, or a list entry (`-`, `*`, `+`, `1.`) with a mark
/// in brackets, or with both an id and `status:`. Ids: letters and numbers (`M1`, `T1.2`, `SYNC-3`)
/// before a colon, any word in `**bold**` or `code` before a colon, or `id:` metadata. Metadata
/// comes after ` | ` as `key: value`. What stands in fenced code, comments, quotes and tables is no
/// item. Nothing fails: what is wrong is in problems(), and the rest is read all the same.
class TodoDocument {
 public:
  static constexpr std::size_t kMaxBytes = 4U << 20U;
  static constexpr std::size_t kMaxItems = 20'000;

  static TodoDocument parse(std::string_view text);

  const std::vector<TodoItem>& items() const { return items_; }
  /// By line; empty for a sound file.
  const std::vector<FileProblem>& problems() const { return problems_; }
  std::string text() const;
  /// After `# Mission:`; "" without such a line.
  const std::string& goal() const { return goal_; }
  TodoCounts counts() const;
  /// Leaves that are open and whose dependencies are closed, in order.
  std::vector<const TodoItem*> ready() const;
  /// The item of this id, or with exactly this text. kNotFound with the nearest id;
  /// kInvalidArgument where several fit.
  Result<const TodoItem*> find(std::string_view name) const;

  /// Changes an item's mark (and its `status:`, where it has one). Items above it with a mark are
  /// closed with their last open item, and opened again with it. kFailedPrecondition: an item with
  /// open ones below it cannot be done.
  Result<void> set_state(std::string_view name, ItemState state);
  /// Sets or adds a metadata value; an empty one removes it. kInvalidArgument: a value with a line
  /// break or ` | `, a key that is none.
  Result<void> set_metadata(std::string_view name, std::string_view key, std::string_view value);
  Result<void> set_text(std::string_view name, std::string_view text);
  /// Adds an open item as the last one below `parent` ("": at the end of the file), with an id of
  /// its own. Its id.
  struct NewItem {
    std::string parent;
    std::string id;  ///< empty: the next one of its parent's scheme
    std::string text;
    std::vector<std::pair<std::string, std::string>> metadata;
  };
  Result<std::string> add(const NewItem& item);
  /// Removes an item and all below it.
  Result<void> remove(std::string_view name);

 private:
  friend class TodoParser;
  Result<std::size_t> index_of(std::string_view name) const;
  void reparse();
  std::size_t last_line_below(std::size_t index) const;
  std::string fresh_id(const TodoItem* parent) const;
  std::string line_for(const NewItem& item, const TodoItem* parent, const std::string& id) const;
  void put_mark(const TodoItem& item, ItemState state);
  void settle_above(std::string_view key);

  std::vector<std::string> lines_;  ///< without their "\n"; a "\r" stays
  bool ends_with_newline_ = true;
  std::vector<TodoItem> items_;
  std::vector<FileProblem> problems_;
  std::string goal_;
};

/// Both changes of a file in one text: `ours` and `theirs` were made from `base` at the same time.
/// Item by item, by id; where both changed the same item differently, theirs counts and the item is
/// named in `conflicts`. Where only one side changed anything, that side's text as it is. Pure.
struct TodoMerge {
  std::string text;
  std::vector<std::string> conflicts;  ///< a sentence each
};
TodoMerge merge_todo(std::string_view base, std::string_view ours, std::string_view theirs);

}  // namespace oap::orchestration
