#include "skills/pins.hpp"

#include "json/parse.hpp"
#include "json/print.hpp"
#include "os/file.hpp"

namespace oap::skills {
namespace {

constexpr std::size_t kMostBytes = 8U << 20U;

tl::unexpected<Error> damaged(const std::string& file, std::string_view what) {
  return fail(Code::kDataLoss,
              "{} cannot be read ({}); remove it and trust the skills again (oap skills trust)",
              file, what);
}

}  // namespace

Result<Pins> read_pins(const std::string& file) {
  auto text = os::read_file(file, kMostBytes);
  if (!text && text.error().code() == Code::kNotFound) {
    return Pins{};
  }
  if (!text) {
    return fail(std::move(text).error());
  }
  const auto parsed = json::parse(*text);
  if (!parsed || !parsed->is_object() || json::get_int(*parsed, "version") != 1) {
    return damaged(file, "it is no record of skills");
  }
  Pins pins;
  pins.seen = json::get_bool(*parsed, "seen");
  const json::Object* const list = json::find_object(*parsed, "pins");
  if (list == nullptr) {
    return damaged(file, "it has no pins");
  }
  for (const auto& pair : *list) {
    Pin pin;
    pin.digest = json::get_string(pair.value(), "digest");
    pin.source = json::get_string(pair.value(), "source");
    pin.commit = json::get_string(pair.value(), "commit");
    pin.by = json::get_string(pair.value(), "by");
    pin.at = json::get_string(pair.value(), "at");
    if (!pin.digest.starts_with("sha256:")) {
      return damaged(file, "a pin has no digest");
    }
    pins.by_folder.emplace(pair.key(), std::move(pin));
  }
  return pins;
}

Result<void> write_pins(const std::string& file, const Pins& pins) {
  json::Object list;
  for (const auto& [folder, pin] : pins.by_folder) {
    list[folder] = json::Object{{"digest", pin.digest},
                                {"source", pin.source},
                                {"commit", pin.commit},
                                {"by", pin.by},
                                {"at", pin.at}};
  }
  const json::Object all{{"version", 1}, {"seen", pins.seen}, {"pins", std::move(list)}};
  return os::write_file_atomic(file, json::print_pretty(json::Value(all)) + "\n", 0600);
}

}  // namespace oap::skills
