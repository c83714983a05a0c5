#include "llm/offline_orders.hpp"

#include <algorithm>

#include "llm/offline_cursor.hpp"
#include "text/strings.hpp"

namespace oap::llm::offline {
namespace {

constexpr std::size_t kMostOrders = 200;
constexpr std::size_t kMostBytes = 256U << 10U;
constexpr std::size_t kMostFillers = 6;

bool in_list(std::string_view list, std::string_view word) {
  return !word.empty() && list.find(" " + std::string(word) + " ") != std::string_view::npos;
}

constexpr std::string_view kThen =
    " then afterwards afterward next finally lastly first firstly secondly thirdly second third "
    "also "
    "subsequently ";
constexpr std::string_view kFillers =
    " please kindly now just hey hi hello ok okay so and then also next first finally second third "
    "firstly secondly thirdly lastly afterwards subsequently last ";
/// Longer openings first. "Can I …" is no order and so is not among them.
constexpr std::string_view kOpenings[] = {
    "i would like you to",
    "i'd like you to",
    "i want you to",
    "i need you to",
    "can you",
    "could you",
    "would you",
    "will you",
    "let's",
    "lets",
    "tell me",
};

constexpr std::string_view kIntro =
    " please do the following these steps tasks things in order this can could you would perform "
    "carry "
    "out list todo my a few for me task step work through complete one after other by execute "
    "orders "
    "i want to need like i'd ";

/// A run of words that may be one order.
using Part = std::vector<Word>;

bool sentence_ends(const Word& word) {
  return word.trail.find_first_of(".!;?") != std::string::npos;
}

/// Whether a new order begins at word i, judged by what stands before it.
bool begins_order(const std::vector<Word>& words, std::size_t i) {
  const Word& word = words[i];
  const Word& before = words[i - 1];
  if (word.item || word.newlines > 1 || sentence_ends(before)) {
    return true;
  }
  std::size_t verb = i;
  while (verb < words.size() && verb < i + kMostFillers && words[verb].plain() &&
         in_list(kThen, words[verb].lower)) {
    ++verb;
  }
  const bool order = verb < words.size() && is_order_verb(words[verb].lower);
  if (!word.plain()) {
    return false;
  }
  if (word.newlines > 0) {
    return order || before.trail.find(':') != std::string::npos;
  }
  // A verb behind a comma or "and"; "then" always begins something.
  if (before.trail.find(',') != std::string::npos && (order || verb > i)) {
    return true;
  }
  if (word.lower == "and" || word.lower == "&&" || word.lower == "&") {
    std::size_t next = i + 1;
    while (next < words.size() && next < i + kMostFillers && in_list(kThen, words[next].lower)) {
      ++next;
    }
    return next < words.size() && !words[next].item &&
           (next > i + 1 || is_order_verb(words[next].lower));
  }
  return word.lower == "then" && i + 1 < words.size();
}

/// "run the command ls and then …" ends where the next order begins, but "and show me the output"
/// and "create a file a.txt and write 'x' to it" do not begin anything of their own.
bool stays_joined(const std::vector<Word>& words, std::size_t i) {
  std::size_t k = i;
  while (k < words.size() && k < i + kMostFillers &&
         (words[k].lower == "and" || in_list(kThen, words[k].lower))) {
    ++k;
  }
  if (k >= words.size() || words[i].item) {
    return false;
  }
  if (!in_list(" show print display give report tell read list ", words[k].lower)) {
    return false;
  }
  ++k;
  while (k < words.size() && k < i + 2 * kMostFillers &&
         in_list(" me us the its their to ", words[k].lower)) {
    ++k;
  }
  return k < words.size() &&
         in_list(" it them output result results contents content ", words[k].lower) &&
         (k + 1 == words.size() || !words[k].trail.empty() || words[k + 1].newlines > 0 ||
          words[k + 1].lower == "and" || words[k + 1].lower == "to");
}

std::vector<Part> cut(const std::vector<Word>& words) {
  std::vector<Part> parts;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i == 0 || (begins_order(words, i) && !stays_joined(words, i))) {
      parts.emplace_back();
    }
    parts.back().push_back(words[i]);
  }
  return parts;
}

bool begins_with(const Part& part, std::size_t from, std::string_view phrase) {
  for (const std::string_view word : text::split_words(phrase)) {
    if (from >= part.size() || part[from].lower != word) {
      return false;
    }
    ++from;
  }
  return true;
}

/// Takes off "please", "could you", and an "and" left at the end.
void strip_politeness(Part& part) {
  std::size_t from = 0;
  for (bool more = true; more && from < part.size();) {
    more = in_list(kFillers, part[from].lower);
    from += more ? 1 : 0;
    if (!more && part[from].lower == "step" && from + 1 < part.size() &&
        !part[from + 1].trail.empty()) {
      from += 2;
      more = true;
    }
    for (const std::string_view opening : kOpenings) {
      if (!more && begins_with(part, from, opening)) {
        from += text::split_words(opening).size();
        more = true;
      }
    }
  }
  part.erase(part.begin(), part.begin() + static_cast<std::ptrdiff_t>(from));
  while (!part.empty() && (part.back().lower == "and" || part.back().lower == "then")) {
    part.pop_back();
  }
}

/// "Find all TODOs and list them", "run `ls` and show me the output": the end adds nothing.
bool strip_presentation(Part& part) {
  for (std::size_t i = 1; i < part.size(); ++i) {
    if (part[i].lower == "and" || part[i].lower == "then") {
      if (stays_joined(part, i)) {
        part.resize(i);
        return true;
      }
    }
  }
  return false;
}

bool is_intro(const Part& part, bool before_item) {
  if (part.empty()) {
    return true;
  }
  return before_item && std::all_of(part.begin(), part.end(), [](const Word& word) {
           return word.plain() && in_list(kIntro, word.lower);
         });
}

/// "Run the following commands:", "Read these files:": the words that each item below stands for.
Part common_verb(const Part& part) {
  Part verb;
  bool list = false;
  for (const Word& word : part) {
    if (verb.empty() && is_order_verb(word.lower)) {
      verb.push_back(word);
      continue;
    }
    list = list || word.lower == "following" || word.lower == "these";
    if (!in_list(" the following these this commands command files file directories in order ",
                 word.lower)) {
      return {};
    }
    if (word.lower.starts_with("command")) {
      verb.push_back(word);
    }
  }
  return list && !part.empty() && part.back().trail == ":" ? verb : Part();
}

std::string text_of(const Part& part, std::string_view task) {
  if (part.empty()) {
    return {};
  }
  const std::string_view asked = part.back().trail == "?" ? "?" : "";
  return std::string(
             text::trim(task.substr(part.front().begin, part.back().end - part.front().begin))) +
         std::string(asked);
}

bool is_looking(const Call& call) {
  return call.tool == "read_file" || call.tool == "list_dir" || call.tool == "glob" ||
         call.tool == "grep" || call.tool == "skill";
}

/// Where no reading of the whole is found: the part before an "and" or comma that is understood,
/// and what is left over.
bool split_off(const Part& part, std::string_view task, const Offer& offer, Orders& out) {
  for (std::size_t i = part.size(); i-- > 1;) {
    const bool joint = part[i].lower == "and" || part[i].lower == "but" ||
                       part[i - 1].trail.find(',') != std::string::npos;
    if (!joint || part.size() > 200) {
      continue;
    }
    const Part left(part.begin(), part.begin() + static_cast<std::ptrdiff_t>(i));
    Part right(part.begin() + static_cast<std::ptrdiff_t>(i), part.end());
    if (right.front().lower == "but") {
      right.erase(right.begin());
    }
    strip_politeness(right);
    Order order = read_order(left, task, offer);
    if (!order.calls.empty() && !right.empty()) {
      out.understood.push_back(std::move(order));
      out.not_understood.push_back(text_of(right, task));
      return true;
    }
  }
  return false;
}

/// `verb`: what an item of a list stands for where it is no order of its own.
void read_part(const Part& part, const Part& verb, std::string_view task, const Offer& offer,
               Orders& out) {
  Part whole = verb;
  whole.insert(whole.end(), part.begin(), part.end());
  Order order = read_order(whole, task, offer);
  if (order.calls.empty() && !verb.empty()) {
    order = read_order(part, task, offer);
  }
  if (Part shorter = part; order.calls.empty() && strip_presentation(shorter)) {
    order = read_order(shorter, task, offer);
  }
  if (!order.calls.empty()) {
    order.text = text_of(part, task);
    out.understood.push_back(std::move(order));
  } else if (!split_off(part, task, offer, out)) {
    out.not_understood.push_back(text_of(part, task));
  }
}

}  // namespace

bool Offer::has(std::string_view tool) const {
  return std::find(tools.begin(), tools.end(), tool) != tools.end();
}

Order read_order(const std::vector<Word>& words, std::string_view task, const Offer& offer) {
  Order order;
  order.text = text_of(words, task);
  const Cursor cursor(words, task);
  Calls calls = parse_skills(cursor, offer);
  calls = calls ? std::move(calls) : parse_run(cursor);
  calls = calls ? std::move(calls) : parse_call(cursor, offer);
  calls = calls ? std::move(calls) : parse_list(cursor);
  calls = calls ? std::move(calls) : parse_search(cursor);
  calls = calls ? std::move(calls) : parse_read(cursor);
  calls = calls ? std::move(calls) : parse_delete(cursor);
  calls = calls ? std::move(calls) : parse_file_work(cursor);
  calls = calls ? std::move(calls) : parse_write(cursor);
  if (calls) {
    order.calls = *std::move(calls);
    order.changes = !std::all_of(order.calls.begin(), order.calls.end(), is_looking);
  }
  return order;
}

Orders read_orders(std::string_view task, const Offer& offer) {
  Orders out;
  if (task.size() > kMostBytes) {
    out.not_understood.emplace_back(text::trim(task));
    return out;
  }
  std::vector<Word> words = split_words(task);
  translate(words);
  std::vector<Part> parts = cut(words);
  if (parts.size() > kMostOrders) {
    out.not_understood.emplace_back(text::trim(task));
    return out;
  }
  Part verb;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    Part& part = parts[i];
    const bool before_item = i + 1 < parts.size() && !part.empty() && !part.back().trail.empty() &&
                             (parts[i + 1].front().item || part.back().trail == ":");
    const bool item = part.front().item;
    verb = item ? verb : Part();
    strip_politeness(part);
    if (before_item && !common_verb(part).empty()) {
      verb = common_verb(part);
    } else if (!is_intro(part, before_item)) {
      read_part(part, verb, task, offer, out);
    }
  }
  if (out.understood.empty() && out.not_understood.empty() && !text::trim(task).empty()) {
    out.not_understood.emplace_back(text::trim(task));
  }
  return out;
}

}  // namespace oap::llm::offline
