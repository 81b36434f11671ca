// When the calling thread gets a processor that others want too.
#pragma once

namespace weft {

// For a thread that works in short bursts and is waited for: time slices of 0.1 ms, so that it has its next turn after
// as little (Linux 6.12; the usual slice of 3 ms lets a woken thread wait for as long). Its share of the time stays what
// it was. Does what can be done, and is silent about the rest. A thread that runs under another policy than the ordinary
// one stays as it is.
void ask_for_prompt_turns();

}  // namespace weft
