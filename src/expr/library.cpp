#include "expr/library.hpp"

#include <array>
#include <cstdlib>

#include <fmt/format.h>

#include "text/strings.hpp"

namespace oap::expr {

namespace {

/// `<` and its like take two of one kind, and any two numbers.
void add_comparisons(Library& library) {
  constexpr std::array<std::string_view, 8> kTypes = {"int",    "uint",  "double",    "bool",
                                                      "string", "bytes", "timestamp", "duration"};
  constexpr std::size_t kNumbers = 3;
  for (const std::string_view name : {"_<_", "_<=_", "_>_", "_>=_"}) {
    for (std::size_t i = 0; i < kTypes.size(); ++i) {
      for (std::size_t j = 0; j < kTypes.size(); ++j) {
        if (i == j || (i < kNumbers && j < kNumbers)) {
          static_cast<void>(
              library.add(fmt::format("{}({}, {}): bool", name, kTypes.at(i), kTypes.at(j))));
        }
      }
    }
  }
}

}  // namespace

Value bad(std::string message) { return Value::error(Code::kInvalidArgument, std::move(message)); }

const Library& Library::standard() {
  static const Library* const library = [] {
    auto* all = new Library();
    add_comparisons(*all);
    for (const auto table : {operator_table(), conversion_table(), string_table(), text_table(),
                             time_table(), math_table(), list_table(), network_table()}) {
      for (const Declaration& declaration : table) {
        Result<FunctionEntry*> entry = all->add(declaration.signature);
        if (!entry) {
          fmt::print(stderr, "{}: {}\n", declaration.signature, entry.error().message());
          std::abort();
        }
        (*entry)->run = declaration.run;
      }
    }
    return all;
  }();
  return *library;
}

Result<FunctionEntry*> Library::add(std::string_view signature) {
  const bool method = signature.starts_with('.');
  const std::string_view rest = signature.substr(method ? 1 : 0);
  const std::size_t open = rest.find('(');
  const std::size_t close = rest.rfind("):");
  if (open == std::string_view::npos || open == 0 || close == std::string_view::npos ||
      close < open) {
    return fail(Code::kInvalidArgument, "'{}' is no signature such as 'name(int): string'",
                signature);
  }
  Overload overload;
  std::string_view params = rest.substr(open + 1, close - open - 1);
  if (params.ends_with("...")) {
    overload.variadic = true;
    params.remove_suffix(3);
  }
  if (!text::trim(params).empty()) {
    OAP_TRY(const Type all, Type::parse(fmt::format("tuple<{}>", params)));
    overload.params = all.params();
  }
  OAP_TRY(overload.result, Type::parse(rest.substr(close + 2)));
  std::string name(rest.substr(0, open));
  FunctionEntry& entry = entries_[{name, method}];
  entry.name = std::move(name);
  entry.method = method;
  entry.overloads.push_back(std::move(overload));
  return &entry;
}

const FunctionEntry* Library::find(std::string_view name, bool method) const {
  const auto found = entries_.find({std::string(name), method});
  return found == entries_.end() ? nullptr : &found->second;
}

std::vector<std::string> Library::names(bool method) const {
  std::vector<std::string> names;
  for (const auto& [key, entry] : entries_) {
    if (key.second == method && text::is_alpha(key.first.front())) {
      names.push_back(key.first);
    }
  }
  return names;
}

}  // namespace oap::expr
