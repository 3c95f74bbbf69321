import { Box, Text, useStdout } from 'ink';
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';

const DEFAULT_COLUMNS = 80;
const DEFAULT_ROWS = 24;

/** The terminal's size; the last row stays free, or the terminal would scroll. */
export function useScreenSize(): { columns: number; rows: number } {
  const { stdout } = useStdout();
  const measure = () => ({
    columns: stdout.columns || DEFAULT_COLUMNS,
    rows: Math.max(2, (stdout.rows || DEFAULT_ROWS) - 1),
  });
  const [size, setSize] = useState(measure);
  useEffect(() => {
    const onResize = () => setSize(measure());
    stdout.on('resize', onResize);
    return () => void stdout.off('resize', onResize);
  }, [stdout]);
  return size;
}

/** Lines at the top, one at the bottom, and what is between gets the room that is left. */
export function ScreenFrame(props: {
  columns: number;
  rows: number;
  header: readonly string[];
  body: readonly string[];
  footer: string;
}): ReactNode {
  const { columns, rows, header, body, footer } = props;
  return (
    <Box flexDirection="column" width={columns} height={rows}>
      <Box flexDirection="column" flexShrink={0}>
        <Lines lines={header} />
      </Box>
      <Box flexDirection="column" flexGrow={1} overflow="hidden">
        <Lines lines={body} />
      </Box>
      <Box flexShrink={0}>
        <Text wrap="truncate">{footer}</Text>
      </Box>
    </Box>
  );
}

function Lines({ lines }: { lines: readonly string[] }): ReactNode {
  // A line has no name of its own: its place is its key. An empty text would take no row.
  return lines.map((line, index) => (
    <Text key={index} wrap="truncate">
      {line === '' ? ' ' : line}
    </Text>
  ));
}
