/** A whole number with thousands separated by commas. `toLocaleString` takes 25 ms when it is first called. */
export function groupedDigits(count: number): string {
  return Math.round(count)
    .toString()
    .replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}
