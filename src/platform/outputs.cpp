#include "platform/outputs.hpp"

#include "session/output_files.hpp"

namespace oap::platform {

std::string outputs_dir(const Settings& settings) { return settings.paths.state_dir + "/outputs"; }

void remove_outputs(const Settings& settings, const std::string& session_id) {
  session::OutputFiles(outputs_dir(settings)).remove(session_id);
}

}  // namespace oap::platform
