#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.hpp"
#include "model/tool.hpp"

namespace oap::gateway {

enum class FindingKind : std::uint8_t {
  kHidden,       ///< characters that a model reads and a person cannot see
  kIconScheme,   ///< an icon that is neither https: nor data:
  kOverlong,     ///< a text or definition longer than its bound
  kTooMuch,      ///< nested too deeply or too much in it to look at all
  kInstruction,  ///< reads like an instruction to the model: a hint, no more
};
/// "hidden_characters", "icon_scheme", "overlong", "too_much", "instruction".
std::string_view to_string(FindingKind kind);

/// kNote: for information; kWarning: a person should look before they trust.
enum class Severity : std::uint8_t { kNote, kWarning };

struct Finding {
  FindingKind kind = FindingKind::kHidden;
  Severity severity = Severity::kWarning;
  std::string path;        ///< JSON Pointer; for a key, that of its member
  std::size_t offset = 0;  ///< bytes into the text or key
  std::string message;     ///< a sentence for a person, free of hidden characters
};

struct InspectLimits {
  std::size_t max_description = 8U << 10U;  ///< bytes, of each description
  std::size_t max_definition = 64U << 10U;  ///< bytes of all texts together
  std::size_t max_values = 20'000;
  std::size_t max_depth = 64;
  std::size_t max_findings = 50;
};

/// What is suspicious in a tool's definition: names, titles, descriptions and every key and string
/// of its schemas and of all else in it. Findings are by order of appearance; none of them is a
/// verdict, and a definition without any is not proven harmless. Takes any JSON. Pure.
std::vector<Finding> inspect_definition(const json::Object& definition,
                                        const InspectLimits& limits = {});

/// The same of one text that a model is to read (a result, an error, a server's instructions):
/// hidden characters but controls, and instructions. Pure.
std::vector<Finding> inspect_text(std::string_view text, std::string_view path = "",
                                  std::size_t max_findings = 50);

json::Object to_json(const Finding& finding);

}  // namespace oap::gateway
