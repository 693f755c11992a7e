# npm packages of the lock file.

step_packages() {
  cd "$DOCKSTAGE_HOME" || exit 1
  if [ ! -f package-lock.json ]; then
    # Installed as a package of an app: that app's npm brought the packages.
    if node -e 'require.resolve("@pulumi/pulumi"); require.resolve("@pulumi/docker")' 2>/dev/null; then
      have "npm packages, brought by the app's own npm"
    else
      fail "npm packages: dockstage's dependencies are not installed" "Run \`npm install\` in the app's folder, and then setup again."
    fi
    return
  fi
  if difference=$(node scripts/lib/packages.js); then
    have "npm packages as in package-lock.json"
    return
  fi
  only_checking "npm packages: $difference" && return
  doing "npm packages from package-lock.json, without their install scripts: $difference"
  logged npm 900 npm ci --ignore-scripts --no-audit --no-fund ||
    fail "npm ci failed" "$(log_end)" "Check the way to the npm registry (\`npm ping\`), and run setup again. All of it: $log"
}
