#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "json/value.hpp"
#include "workflow/definition/problem_list.hpp"

namespace oap::workflow {

/// Reads the members of one map of a workflow file: each by its key and type, and in the end says
/// which keys nobody asked for. Borrows its arguments. Not thread-safe.
class MapReader {
 public:
  /// `title` is what messages call the map: "step 'build'", or "" for the workflow.
  MapReader(const json::Object& members, std::string pointer, std::string title,
            ProblemList& problems);

  bool has(std::string_view key) const { return members_.contains(key); }
  /// The member, or null; from now on the key is a known one.
  const json::Value* take(std::string_view key);
  /// The key belongs here, though it is absent or somebody else reads it.
  void know(std::string_view key) { known_.emplace_back(key); }

  // Each leaves `into` as it is where the member is absent or wrong.
  void text(std::string_view key, std::string& into);
  void flag(std::string_view key, bool& into);
  void duration(std::string_view key, std::optional<Millis>& into);
  void texts(std::string_view key, std::vector<std::string>& into);
  void object(std::string_view key, json::Object& into);
  template <class Number>
  void integer(std::string_view key, Number& into);
  void number(std::string_view key, double& into);

  // The same for a value that was found by `take`.
  std::optional<std::string> as_text(std::string_view key, const json::Value& value);
  std::optional<std::int64_t> as_integer(std::string_view key, const json::Value& value);
  std::optional<double> as_number(std::string_view key, const json::Value& value);
  std::optional<Millis> as_duration(std::string_view key, const json::Value& value);
  std::optional<std::vector<std::string>> as_texts(std::string_view key, const json::Value& value);
  const json::Object* as_object(std::string_view key, const json::Value& value);
  const json::Array* as_array(std::string_view key, const json::Value& value);

  void error(std::string_view key, std::string_view message);
  void warning(std::string_view key, std::string_view message);
  void wrong(std::string_view key, const json::Value& found, std::string_view wanted);
  /// Names the keys that are not known, with the nearest that is.
  /// Keys that nobody has asked for so far.
  std::vector<std::string> unread() const;
  void finish();

  const json::Object& members() const { return members_; }
  const std::string& pointer() const { return pointer_; }
  const std::string& title() const { return title_; }
  std::string pointer_to(std::string_view key) const;
  int line() const;
  int line(std::string_view key) const;
  ProblemList& problems() { return problems_; }

 private:
  std::string known_elsewhere(std::string_view name) const;
  std::string said(std::string_view message) const;

  const json::Object& members_;
  std::string pointer_;
  std::string title_;
  ProblemList& problems_;
  std::vector<std::string> known_;
};

template <class Number>
void MapReader::integer(std::string_view key, Number& into) {
  if (const json::Value* value = take(key)) {
    const std::optional<std::int64_t> read = as_integer(key, *value);
    if (read && static_cast<std::int64_t>(static_cast<Number>(*read)) == *read) {
      into = static_cast<Number>(*read);
    } else if (read) {
      error(key, "the number is too large");
    }
  }
}

}  // namespace oap::workflow
