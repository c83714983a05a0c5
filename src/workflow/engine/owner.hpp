#pragma once

#include <string>
#include <string_view>

namespace oap::workflow {

/// The name of an engine of this process, as its leases hold it: "pid 812 start 99120 #3". As long
/// as it lives `is_alive` says so to this process; to others, as long as the process lives.
class OwnerName {
 public:
  explicit OwnerName(std::string given);
  ~OwnerName();
  OwnerName(const OwnerName&) = delete;
  OwnerName& operator=(const OwnerName&) = delete;
  const std::string& text() const { return name_; }
  /// From now on it is the name of an engine that is gone.
  void retire();

 private:
  std::string name_;
};

}  // namespace oap::workflow
