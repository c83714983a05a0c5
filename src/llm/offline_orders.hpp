#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "json/value.hpp"
#include "llm/offline_words.hpp"

namespace oap::llm::offline {

/// One tool call that an order stands for.
struct Call {
  enum class Follow {
    kNone,
    kReadBest,  ///< the call is a glob; the best of its hits is then read
    kReadAll,   ///< … each of its hits is
  };
  std::string tool;
  json::Object arguments;
  Follow follow = Follow::kNone;
  bool optional = false;  ///< its failure is not the order's
};

/// One order in the words of the task, and its calls in sequence.
struct Order {
  std::string text;
  std::vector<Call> calls;
  bool changes = false;  ///< does more than look
};

struct Orders {
  std::vector<Order> understood;
  std::vector<std::string> not_understood;  ///< parts that need a model
};

struct Offer {
  std::vector<std::string> tools;  ///< public names of the tools that may be called
  bool has(std::string_view tool) const;
};

/// Reads a task: single orders, sentences, "A and then B", numbered and bulleted lists. Pure.
Orders read_orders(std::string_view task, const Offer& offer);

/// What one stretch of words orders; no calls where it is not understood.
Order read_order(const std::vector<Word>& words, std::string_view task, const Offer& offer);

}  // namespace oap::llm::offline
