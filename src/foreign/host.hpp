#pragma once

namespace oap::foreign {

/// The agent programs whose words are known.
enum class Host { kClaudeCode, kCodex, kGemini, kGoose, kCrush, kOpencode, kQwen };

}  // namespace oap::foreign
