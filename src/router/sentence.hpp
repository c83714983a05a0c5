#pragma once

#include <string>
#include <vector>

#include "router/lexicon.hpp"
#include "router/tokens.hpp"

namespace oap::router {

/// A token or phrase together with what it may mean in the task's language.
struct Unit {
  Token::Kind kind = Token::Kind::kWord;
  std::string text;
  Entries entries;

  bool is(Kind what) const { return entry(what) != nullptr; }
  const Entry* entry(Kind what) const;
  bool is_word() const { return kind == Token::Kind::kWord; }
  bool ends_sentence() const { return kind == Token::Kind::kEnd || kind == Token::Kind::kQuestion; }
};

/// The language that most of the words belong to; English where nothing speaks for another.
Language detect_language(const std::vector<Token>& tokens, const Lexicon& words);

/// Joins words to the longest phrases known; keeps the meanings of `language`, those of every
/// language and, as loan words, English verbs. Linear.
std::vector<Unit> to_units(const std::vector<Token>& tokens, const Lexicon& words,
                           Language language);

/// One thing that a task orders.
struct Order {
  std::string tool;      ///< empty where no tool is named by it
  bool plan = false;     ///< needs planning by itself
  bool work = false;     ///< analysis and the like
  bool changes = false;  ///< edits or makes something
  std::size_t sentence = 0;
  bool same_object = false;  ///< "… and push it": about what the order before is about
};

/// What the sentences of a task say, before it is weighed.
struct Reading {
  std::vector<Order> orders;
  int items_with_orders = 0;
  int questions = 0;  ///< sentences that ask or want an explanation
  int scope_words = 0;
  int hard_words = 0;
  std::vector<std::string> dependencies;
  std::vector<std::string> files;  ///< different ones
  int counted_files = 0;           ///< from "5 files"
};

/// Reads one sentence after the other. Pure and linear.
Reading read_sentences(const std::vector<Unit>& units, Language language);

}  // namespace oap::router
