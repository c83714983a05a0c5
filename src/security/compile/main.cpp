// Compiles what texts are searched for into Vectorscan's database, at build time.
// Usage: secret_patterns_compiler OUT
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include <hs/hs.h>

#include "security/token_types.hpp"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: secret_patterns_compiler OUT\n", stderr);
    return 2;
  }
  std::vector<std::string> expressions;
  std::vector<unsigned> flags;
  std::vector<unsigned> ids;
  const auto add = [&](std::string expression, unsigned flag) {
    ids.push_back(static_cast<unsigned>(ids.size()));
    expressions.push_back(std::move(expression));
    flags.push_back(flag);
  };
  for (const auto& type : oap::security::token_types()) {
    const oap::security::Trigger trigger = oap::security::trigger_of(type.pattern);
    if (trigger.width == 0) {
      std::fprintf(stderr, "the pattern of %s begins with nothing fixed\n", type.type.data());
      return 1;
    }
    add(trigger.expression, 0);
  }
  for (const auto& mark : oap::security::mark_patterns()) {
    add(std::string(mark.expression), mark.caseless ? HS_FLAG_CASELESS : 0U);
  }
  std::vector<const char*> texts;
  texts.reserve(expressions.size());
  for (const std::string& expression : expressions) {
    texts.push_back(expression.c_str());
  }
  hs_platform_info_t baseline{};
  hs_database_t* database = nullptr;
  hs_compile_error_t* error = nullptr;
  if (hs_compile_multi(texts.data(), flags.data(), ids.data(), static_cast<unsigned>(texts.size()),
                       HS_MODE_BLOCK, &baseline, &database, &error) != HS_SUCCESS) {
    std::fprintf(stderr, "pattern %d (%s): %s\n", error->expression,
                 error->expression >= 0 ? texts[static_cast<std::size_t>(error->expression)] : "",
                 error->message);
    return 1;
  }
  char* bytes = nullptr;
  std::size_t size = 0;
  if (hs_serialize_database(database, &bytes, &size) != HS_SUCCESS) {
    std::fputs("the database cannot be written\n", stderr);
    return 1;
  }
  // What is written is the database as it lies in memory at a multiple of 64: whoever has it at
  // such an address reads it where it is, and neither copies nor checks half a megabyte at each
  // start.
  std::size_t length = 0;
  constexpr std::size_t kAlignment = 64;
  if (hs_serialized_database_size(bytes, size, &length) != HS_SUCCESS) {
    std::fputs("the database's size is not known\n", stderr);
    return 1;
  }
  length = (length + kAlignment - 1) / kAlignment * kAlignment;
  void* const image = std::aligned_alloc(kAlignment, length);
  if (image != nullptr) {
    std::memset(image, 0, length);
  }
  if (image == nullptr ||
      hs_deserialize_database_at(bytes, size, static_cast<hs_database_t*>(image)) != HS_SUCCESS) {
    std::fputs("the database cannot be laid out\n", stderr);
    return 1;
  }
  std::ofstream out(argv[1], std::ios::binary);
  out.write(static_cast<const char*>(image), static_cast<std::streamsize>(length));
  out.close();
  std::free(image);
  std::free(bytes);
  hs_free_database(database);
  return out ? 0 : 1;
}
