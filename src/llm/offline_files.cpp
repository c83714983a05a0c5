#include "llm/offline_cursor.hpp"

namespace oap::llm::offline {
namespace {

Calls one(Call call) {
  std::vector<Call> calls;
  calls.push_back(std::move(call));
  return calls;
}

/// One name of "delete a.txt and the old folder"; `deep` becomes true for a directory.
std::optional<std::string> take_doomed(Cursor& cursor, bool directory, bool& deep) {
  if (directory && !cursor.done() && !cursor.is("and")) {
    return cursor.next().text;
  }
  Cursor tried = cursor;
  tried.skip({"the", "a", "an", "this", "that"});
  const Word* after = tried.peek(1);
  if (after != nullptr && (after->lower == "directory" || after->lower == "folder")) {
    cursor = tried;
    std::string name = cursor.next().text;
    cursor.next();
    deep = true;
    return name;
  }
  const bool may_be_part_of_the_name = cursor.is("my") || cursor.is("our");
  return may_be_part_of_the_name ? std::nullopt : take_file(cursor);
}

/// "a.txt, b.txt and the directory c"; the cursor stands behind the verb.
Calls parse_delete_names(Cursor cursor) {
  const bool directory = cursor.take({"directory", "folder", "directories"});
  cursor.skip({"files", "named", "called"});
  std::string names;
  bool deep = directory;
  do {
    cursor.take({"and", "&"});
    const std::optional<std::string> file = take_doomed(cursor, directory, deep);
    if (!file || file->empty()) {
      return std::nullopt;
    }
    deep = deep || file->ends_with('/');
    // A wildcard that the person wrote is left to the shell.
    const bool wild = file->find_first_of("*?") != std::string::npos &&
                      file->find_first_of(" '\"$`;&|<>()\\") == std::string::npos;
    names += " " + (wild ? *file : shell_quote(*file));
  } while (!cursor.done() && (cursor.comma_before() || cursor.is_any({"and", "&"})));
  if (!cursor.ends()) {
    return std::nullopt;
  }
  return one(bash((deep ? "rm -rf --" : "rm --") + names));
}

/// "replace 'a' with 'b' in FILE"; the cursor stands behind the verb.
Calls parse_replace(Cursor cursor) {
  cursor.skip({"all", "every", "the"});
  if (cursor.take({"occurrences", "occurrence", "instances"})) {
    cursor.take({"of"});
  }
  cursor.skip({"the", "text", "word", "string"});
  json::Object arguments;
  const Word* from = cursor.peek();
  const Word* to = cursor.peek(2);
  if (from == nullptr || to == nullptr || from->text.empty()) {
    return std::nullopt;
  }
  const bool both = (from->literal() || from->plain()) && (to->literal() || to->plain());
  cursor.next();
  if (!both || !cursor.take({"with", "by", "to"})) {
    return std::nullopt;
  }
  cursor.next();
  if (!cursor.take({"in"})) {
    return std::nullopt;
  }
  const std::optional<std::string> file = take_file(cursor);
  if (!file || !cursor.ends()) {
    return std::nullopt;
  }
  arguments["path"] = *file;
  arguments["old_string"] = from->text;
  arguments["new_string"] = to->text;
  arguments["replace_all"] = true;
  return one(call("edit_file", std::move(arguments)));
}

}  // namespace

Calls parse_delete(Cursor cursor) {
  if (!cursor.take({"delete", "remove", "erase", "rm", "unlink"})) {
    return std::nullopt;
  }
  const bool all = cursor.is_any({"all", "every", "everything"});
  const bool everything = cursor.is("everything");
  cursor.skip({"all", "every", "everything", "of", "the"});
  std::string wildcard;
  if (all && !cursor.done() && !cursor.is_any({"files", "file"})) {
    wildcard = wildcard_of(*cursor.peek());
    if (!wildcard.empty()) {
      cursor.next();
    }
  }
  if (all && (cursor.take({"files", "file", "contents"}) || everything || !wildcard.empty())) {
    if (cursor.take({"and"}) && !cursor.take({"folders", "directories", "subdirectories"})) {
      return std::nullopt;
    }
    const std::string place = take_place(cursor).value_or(".");
    if (!cursor.ends()) {
      return std::nullopt;
    }
    const std::string inside =
        place == "." ? "" : shell_quote(place.ends_with('/') ? place : place + "/");
    return one(wildcard.empty() ? bash("rm -rf -- " + inside + "*")
                                : bash("rm -f -- " + inside + wildcard));
  }
  return wildcard.empty() && !everything ? parse_delete_names(cursor) : std::nullopt;
}

Calls parse_file_work(Cursor cursor) {
  if (cursor.take({"mkdir"}) ||
      (cursor.take({"create", "make"}) &&
       (cursor.skip({"a", "an", "the", "new", "empty"}), cursor.take({"directory", "folder"})))) {
    cursor.skip({"named", "called", "-p"});
    if (cursor.done() || !is_path(Word{.kind = Word::Kind::kQuoted, .text = cursor.peek()->text})) {
      return std::nullopt;
    }
    const std::string name = cursor.next().text;
    return cursor.ends() ? one(bash("mkdir -p -- " + shell_quote(name))) : std::nullopt;
  }
  if (cursor.take({"replace", "change"})) {
    return parse_replace(cursor);
  }
  const bool copies = cursor.is_any({"copy", "cp"});
  if (!cursor.take({"copy", "cp", "move", "mv", "rename"})) {
    return std::nullopt;
  }
  cursor.skip({"directory", "folder"});
  const std::optional<std::string> from = take_file(cursor);
  cursor.take({"to", "as", "into"});
  cursor.skip({"the", "directory", "folder"});
  if (!from || cursor.done() || cursor.peek()->kind == Word::Kind::kJson) {
    return std::nullopt;
  }
  const std::string to = cursor.next().text;
  cursor.skip({"directory", "folder"});
  return cursor.ends() ? one(bash((copies ? "cp -r -- " : "mv -- ") + shell_quote(*from) + " " +
                                  shell_quote(to)))
                       : std::nullopt;
}

}  // namespace oap::llm::offline
