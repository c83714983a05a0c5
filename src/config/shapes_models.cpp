#include "config/shape_sections.hpp"

namespace oap::config {
namespace {

using Format = Shape::Format;
using Names = Shape::Names;

}  // namespace

Shape provider_shape() {
  Shape provider =
      object("A provider of language models.",
             {{"type", choice("The wire dialect. Needed unless the name is one of these.",
                              {"openai", "openai-responses", "anthropic"})},
              {"base_url", text("Where it is, e.g. http://127.0.0.1:11434/v1.", Format::kUrl)},
              {"api_key_env", text("Environment variable that holds the key.", Format::kVariable)},
              {"api_key", text("The key; write ${VARIABLE}.").is_secret()},
              {"headers", map("Further HTTP headers.", Names::kHeader,
                              text("A value.", Format::kHeaderValue).is_secret())}});
  provider.identity = {"type", "base_url"};
  return provider;
}

Shape model_shape() {
  const auto price = [](const char* what) {
    return number(std::string("US dollars for a million ") + what + " tokens.", 0, 1e6);
  };
  return object("What is known of a model, in place of the built-in table.",
                {{"context_window", integer("Tokens of its context.", 1, 1e9)},
                 {"max_output_tokens", integer("Most tokens of an answer.", 1, 1e9)},
                 {"input_price", price("input")},
                 {"output_price", price("output")},
                 {"cache_read_price", price("cached input")},
                 {"cache_write_price", price("cache-writing input")}});
}

}  // namespace oap::config
