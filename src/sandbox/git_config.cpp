#include "sandbox/git_config.hpp"

#include "sandbox/raw.hpp"

namespace oap::sandbox {
namespace {

constexpr std::uint64_t kSeed = 0xcbf29ce484222325;
constexpr std::uint64_t kPrime = 0x100000001b3;

OAP_AFTER_FORK char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

OAP_AFTER_FORK bool is_space(char c) { return c == ' ' || c == '\t'; }

OAP_AFTER_FORK bool is_word(char c) {
  const char small = lower(c);
  return (small >= 'a' && small <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

OAP_AFTER_FORK std::uint64_t add(std::uint64_t sum, const char* text, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    sum = (sum ^ static_cast<unsigned char>(text[i])) * kPrime;
  }
  return (sum ^ 0xffU) * kPrime;  // so that parts cannot run into each other
}

OAP_AFTER_FORK void append(char* to, std::size_t room, std::size_t& used, const char* text,
                           std::size_t size) {
  for (std::size_t i = 0; i < size && used + 1 < room; ++i) {
    to[used++] = text[i] > ' ' && text[i] < 127 ? text[i] : '?';
  }
  to[used] = '\0';
}

OAP_AFTER_FORK void name_first(ConfigRisk& risk, const ConfigEntry& entry) {
  if (risk.first[0] != '\0') {
    return;
  }
  std::size_t used = 0;
  append(risk.first, sizeof risk.first, used, entry.section, entry.section_size);
  append(risk.first, sizeof risk.first, used, ".", 1);
  append(risk.first, sizeof risk.first, used, entry.key, entry.key_size);
}

}  // namespace

OAP_AFTER_FORK ConfigReader::ConfigReader(const char* text, std::size_t size)
    : text_(text), size_(size) {}

OAP_AFTER_FORK bool ConfigReader::next(ConfigEntry& entry) {
  while (!broken_ && at_ < size_) {
    const char* line = text_ + at_;
    std::size_t size = 0;
    while (at_ + size < size_ && line[size] != '\n') {
      broken_ = broken_ || line[size] == '\0';
      ++size;
    }
    at_ += size + 1;
    while (size > 0 && (is_space(line[size - 1]) || line[size - 1] == '\r')) {
      --size;
    }
    while (size > 0 && is_space(line[0])) {
      ++line;
      --size;
    }
    if (broken_ || size == 0 || line[0] == '#' || line[0] == ';') {
      continue;
    }
    if (line[0] == '[') {
      broken_ = !read_header(line, size);
      continue;
    }
    if (read_entry(line, size, entry)) {
      return true;
    }
    broken_ = true;
  }
  return false;
}

/// `[section]` or `[section "name"]`, alone on its line.
OAP_AFTER_FORK bool ConfigReader::read_header(const char* line, std::size_t size) {
  header_ = ConfigEntry();
  std::size_t at = 1;
  header_.section = line + at;
  while (at < size && is_word(line[at])) {
    ++at;
  }
  header_.section_size = at - 1;
  if (header_.section_size == 0 || at >= size) {
    return false;
  }
  if (line[at] == ']') {
    return at + 1 == size;
  }
  if (line[at] != ' ' || at + 1 >= size || line[at + 1] != '"' || size < at + 4) {
    return false;
  }
  header_.name = line + at + 2;
  header_.name_size = size - 2 - (at + 2);
  if (line[size - 1] != ']' || line[size - 2] != '"') {
    return false;
  }
  for (std::size_t i = 0; i < header_.name_size; ++i) {
    if (header_.name[i] == '"' && (i == 0 || header_.name[i - 1] != '\\')) {
      return false;
    }
  }
  return header_.name_size == 0 || header_.name[header_.name_size - 1] != '\\';
}

/// `key` or `key = value` on one line.
OAP_AFTER_FORK bool ConfigReader::read_entry(const char* line, std::size_t size,
                                             ConfigEntry& entry) {
  entry = header_;
  std::size_t at = 0;
  while (at < size && is_word(line[at])) {
    ++at;
  }
  entry.key = line;
  entry.key_size = at;
  if (at == 0 || header_.section == nullptr || line[size - 1] == '\\') {
    return false;
  }
  while (at < size && is_space(line[at])) {
    ++at;
  }
  if (at == size) {
    return true;
  }
  if (line[at] != '=') {
    return false;
  }
  ++at;
  while (at < size && is_space(line[at])) {
    ++at;
  }
  entry.value = line + at;
  entry.value_size = size - at;
  return true;
}

OAP_AFTER_FORK ConfigRisk risk_of_config(const char* text, std::size_t size) {
  ConfigRisk risk;
  ConfigReader reader(text, size);
  ConfigEntry entry;
  while (reader.next(entry)) {
    if (is_harmless(entry)) {
      continue;
    }
    std::uint64_t sum = add(kSeed, entry.section, entry.section_size);
    sum = add(sum, entry.name, entry.name_size);
    sum = add(sum, entry.key, entry.key_size);
    sum = add(sum, entry.value, entry.value_size);
    risk.sum += sum | 1U;
    name_first(risk, entry);
  }
  if (reader.broken()) {
    risk.sum = add(kSeed, text, size) | 1U;
    constexpr char kOdd[] = "a text in an unusual form";
    for (std::size_t i = 0; i < sizeof kOdd; ++i) {
      risk.first[i] = kOdd[i];
    }
  }
  return risk;
}

}  // namespace oap::sandbox
