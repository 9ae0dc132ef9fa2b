#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace tessera::doctor {

/// Ends the process with exit code 4 when one check takes longer than the limit: an MPI call that
/// waits for a peer returns no other way. The line on standard error names check and rank.
class Watchdog {
  public:
    Watchdog(std::chrono::seconds limit, std::string who);
    ~Watchdog();
    Watchdog(Watchdog const&) = delete;
    Watchdog& operator=(Watchdog const&) = delete;

    /// A check begins: the time counts anew.
    void begin(std::string check);

  private:
    void watch();

    std::chrono::seconds limit_;
    std::string who_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::string check_ = "start";
    unsigned begun_ = 0;
    bool over_ = false;
    std::thread thread_;
};

}  // namespace tessera::doctor
