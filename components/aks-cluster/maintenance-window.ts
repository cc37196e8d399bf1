import { type MaintenanceWindowArgs } from "./args";
import { WeekDay } from "./enums";

const minutesOfWeek = 7 * 24 * 60;

/** Whether a window is open at a time, or would be in a week in which it opens. */
export function windowIsOpen(window: MaintenanceWindowArgs, now: Date): boolean {
  const days = Object.values(WeekDay);
  // WeekDay begins with Monday, JavaScript with Sunday.
  const minute = ((now.getUTCDay() + 6) % 7) * 1440 + now.getUTCHours() * 60 + now.getUTCMinutes();
  const opens = days.indexOf(window.dayOfWeek) * 1440 + minutesOf(window.startTime) - offset(window);
  const since = (((minute - opens) % minutesOfWeek) + minutesOfWeek) % minutesOfWeek;
  return since < window.durationHours * 60;
}

/** `Sunday 01:00 +00:00 for 8 hours`. */
export function windowText({
  dayOfWeek,
  startTime,
  utcOffset = "+00:00",
  durationHours,
}: MaintenanceWindowArgs): string {
  return `${dayOfWeek} ${startTime} ${utcOffset} for ${durationHours} hours`;
}

/** Minutes that the window's clock is ahead of UTC. */
function offset({ utcOffset = "+00:00" }: MaintenanceWindowArgs): number {
  return (utcOffset.startsWith("-") ? -1 : 1) * minutesOf(utcOffset.slice(1));
}

function minutesOf(text: string): number {
  const [hours = 0, minutes = 0] = text.split(":").map(Number);
  return hours * 60 + minutes;
}
