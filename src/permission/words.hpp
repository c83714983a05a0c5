#pragma once

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>

#include "shell/script.hpp"

namespace oap::permission {

/// A call's words asked for what they hold. Borrows the command. Private to this folder.
class Words {
 public:
  explicit Words(const shell::SimpleCommand& command)
      : command_(command), program_(shell::base_name(command.argv.front())) {}

  std::string_view program() const { return program_; }
  std::size_t size() const { return command_.argv.size(); }
  std::string_view operator[](std::size_t i) const { return command_.argv[i]; }

  static bool one_of(std::string_view word, std::initializer_list<std::string_view> list) {
    return std::find(list.begin(), list.end(), word) != list.end();
  }
  static bool listed(std::string_view names, std::string_view name) {
    return !name.empty() && names.find(" " + std::string(name) + " ") != std::string_view::npos;
  }
  bool is(std::initializer_list<std::string_view> programs) const {
    return one_of(program_, programs);
  }
  bool any_word(std::initializer_list<std::string_view> words) const {
    return any([&](std::string_view word) { return one_of(word, words); });
  }
  bool any_prefix(std::initializer_list<std::string_view> prefixes) const {
    return any([&](std::string_view word) {
      return std::any_of(prefixes.begin(), prefixes.end(),
                         [&](std::string_view prefix) { return word.starts_with(prefix); });
    });
  }
  bool any_part(std::string_view part) const {
    return any([&](std::string_view word) { return word.find(part) != std::string_view::npos; });
  }
  /// A single-dash group that holds one of the letters.
  bool any_short(std::string_view letters) const {
    return any([&](std::string_view word) {
      return word.size() > 1 && word[0] == '-' && word[1] != '-' &&
             word.find_first_of(letters) != std::string_view::npos;
    });
  }
  bool any_pair(std::string_view option, std::string_view value) const {
    for (std::size_t i = 1; i + 1 < size(); ++i) {
      if ((*this)[i] == option && (*this)[i + 1] == value) {
        return true;
      }
    }
    return false;
  }
  bool any_dynamic() const {
    return std::find(command_.kinds.begin(), command_.kinds.end(), shell::WordKind::kDynamic) !=
           command_.kinds.end();
  }
  /// The place of the first word that is no option; 0 where there is none.
  std::size_t first_operand(std::size_t from = 1) const {
    for (std::size_t i = from; i < size(); ++i) {
      if (!(*this)[i].starts_with('-')) {
        return i;
      }
    }
    return 0;
  }
  /// Some word begins with a wildcard: a file's name may become an option.
  bool glob_may_be_option() const {
    bool dashes = false;
    for (std::size_t i = 1; i < size(); ++i) {
      dashes = dashes || (*this)[i] == "--";
      const bool glob = command_.kinds[i] == shell::WordKind::kGlob;
      const char first = (*this)[i].empty() ? 'x' : (*this)[i].front();
      if (glob && !dashes && (first == '*' || first == '?' || first == '[' || first == '-')) {
        return true;
      }
    }
    return false;
  }

 private:
  template <class Test>
  bool any(Test test) const {
    return std::any_of(command_.argv.begin() + 1, command_.argv.end(), test);
  }

  const shell::SimpleCommand& command_;
  std::string_view program_;
};

}  // namespace oap::permission
