// A workflow file: any bytes give a definition or problems with places, never a crash; what was
// accepted reads back the same from its canonical JSON.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "json/print.hpp"
#include "workflow/definition/blueprint.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const oap::workflow::Checked checked = oap::workflow::check_workflow(text, "f", nullptr);
  bool errors = false;
  for (const oap::workflow::Problem& each : checked.problems) {
    errors = errors || !each.warning;
    if (each.where.rfind("f", 0) != 0 || each.message.empty()) {
      std::abort();
    }
  }
  if (errors == (checked.blueprint != nullptr) || checked.problems.size() > 101) {
    std::abort();
  }
  if (checked.blueprint != nullptr) {
    const auto& definition = checked.blueprint->definition();
    const auto again = oap::workflow::definition_from_json(oap::workflow::to_json(definition));
    if (!again || oap::workflow::content_hash(*again) != checked.blueprint->hash()) {
      std::abort();
    }
  }
  return 0;
}
