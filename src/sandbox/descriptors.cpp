#include "sandbox/descriptors.hpp"

#include <sys/socket.h>

#include "sandbox/raw.hpp"

namespace oap::sandbox {

OAP_AFTER_FORK bool send_descriptors(int to, iovec part, const int* fds, std::size_t count) {
  alignas(cmsghdr) char control[CMSG_SPACE(kMostDescriptors * sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (count > 0) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(count * sizeof(int));
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(count * sizeof(int));
    int* const place = reinterpret_cast<int*>(CMSG_DATA(header));
    for (std::size_t i = 0; i < count; ++i) {
      place[i] = fds[i];
    }
  }
  return raw::call(SYS_sendmsg, to, &message, MSG_NOSIGNAL) == static_cast<long>(part.iov_len);
}

OAP_AFTER_FORK long receive_descriptors(int from, iovec part, int (&fds)[kMostDescriptors]) {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof fds)] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  long size = 0;
  do {
    size = raw::call(SYS_recvmsg, from, &message, MSG_CMSG_CLOEXEC);
  } while (size == -EINTR);
  for (int& fd : fds) {
    fd = -1;
  }
  const cmsghdr* const header = size > 0 ? CMSG_FIRSTHDR(&message) : nullptr;
  if (header != nullptr && header->cmsg_type == SCM_RIGHTS) {
    const int* const place = reinterpret_cast<const int*>(CMSG_DATA(header));
    for (std::size_t i = 0; i < (header->cmsg_len - CMSG_LEN(0)) / sizeof(int); ++i) {
      fds[i] = place[i];
    }
  }
  return size;
}

}  // namespace oap::sandbox
